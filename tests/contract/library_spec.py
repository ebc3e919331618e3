"""A small spec with every extension in it, and a way to break it in one place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from mockserver.contract.document import parse
from mockserver.contract.loader import build
from mockserver.contract.model import Contract, ContractErrors

DOCUMENT = "A book is created.\nBooks with the same   email are\n\tone book. At most 60 requests a minute."

TEXT = """
openapi: 3.0.3
info: {title: Library, version: '1', x-source: created}
servers: [{url: https://library.example/api/v1}]
x-source: created
x-api: {name: library, title: Library}
x-tenancy: {noun: workspace, source: Z1}
x-errors: {envelope: success-flag, statuses: {credential-invalid: 403}, source: Z1}
x-request: {max-bytes: 1000, max-depth: 8, source: Z1}
x-rate-limit: {bucket: default, per: credential, by-plan: true, headers: true, source: Z1}
x-plans:
  default: small
  source: Z1
  plans:
    small: {rate-limits: {default: [{limit: 60, seconds: 60}]}, quotas: {book: 5}}
    large: {rate-limits: {default: []}, quotas: {}, source: created}
x-sources:
  created: {level: documented, document: library, quote: A book is created.}
  Z1: {level: assumed, decision: Z1, says: Decided so.}
  page: {level: vendor-page, page: library.example books, says: A book has a title.}
security: [{key: []}]
paths:
  /books:
    post:
      operationId: createBook
      summary: Create a book
      x-source: created
      x-scopes: [books:write]
      x-record: {kind: book, action: create}
      x-quota: {kind: book, source: Z1}
      x-deduplication:
        match:
          - {pointers: [/contact_email], normalizer: email, reported-as: email}
          - {pointers: [/owner/phone], normalizer: phone-last-10}
        within: workspace
        on-match: keep
        status: '200'
        source: page
      x-idempotency:
        {header: Idempotency-Key, scope: [workspace, operation], retention-seconds: 60, fingerprint: canonical-json,
         mismatch: '409', in-flight: '409', replay-header: Replayed, unless: {pointer: /dry_run, equals: true},
         source: Z1}
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}
      responses:
        200: {description: Known, x-source: page}
        '201':
          description: Created
          x-source: created
          headers: {Replayed: {schema: {type: string}}}
          content: {application/json: {schema: {type: object, properties: {id: {type: string, x-source: Z1}}}}}
          links: {one: {operationId: readBook, parameters: {id: $response.body#/id}}}
        '409': {description: Conflict, x-source: Z1}
        '429': {description: Too many, x-source: Z1}
  /books/{id}:
    parameters: [{name: id, in: path, required: true, x-source: Z1, schema: {type: string}}]
    get:
      operationId: readBook
      x-source: page
      x-rate-limit: none
      responses: {'200': {$ref: '#/components/responses/Book'}}
  /books/bulk:
    post:
      operationId: importBooks
      x-source: page
      x-request: {max-bytes: 5000, source: Z1}
      x-batch: {rows: /books, min: 1, max: 9, row-operation: createBook, row-schema: '#/components/schemas/Book',
                on-duplicate: /on_duplicate, dry-run: /dry_run, row-ref: contact_email, source: Z1}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                books: {type: array, items: {}}
                on_duplicate: {type: string, enum: [update, skip]}
                dry_run: {type: boolean}
      responses: {'200': {description: Done, x-source: page}, '429': {description: Too many, x-source: Z1}}
  /hooks:
    post:
      operationId: createHook
      x-source: page
      x-webhooks:
        {signature: mega-sha256, retry: {attempts: 4, first-seconds: 1, factor: 2, max-seconds: 3},
         timeout-seconds: 10, source: Z1}
      requestBody: {content: {application/json: {schema: {type: object, properties: {url: {type: string}}}}}}
      responses: {'201': {description: Created, x-source: page}, '429': {description: Too many, x-source: Z1}}
      callbacks:
        bookCreated:
          '{$request.body#/url}':
            post:
              x-event: {name: book.created, fired-by: [createBook], not-fired-by: [importBooks], source: page}
              requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}
              responses: {'200': {description: Taken, x-source: page}}
components:
  securitySchemes:
    key:
      type: apiKey
      in: header
      name: X-Key
      x-source: Z1
      x-credential: {pattern: '^lib_[0-9a-f]{8}$', source: Z1}
      x-scopes: {'books:write': Write books, 'books:read': Read books}
  parameters:
    Key: {name: idempotency-key, in: header, x-source: Z1, schema: {type: string}}
  responses:
    Book:
      description: A book
      x-source: page
      content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}
  schemas:
    Owner:
      type: object
      x-source: Z1
      properties: {phone: {type: string}, name: {type: string, x-source: page}}
    Book:
      type: object
      required: [title]
      x-source: page
      x-source-of: {required/title: Z1}
      x-message: A book has a title
      properties:
        title: {type: string, maxLength: 10, pattern: '^[a-z ]+$', x-form: small letters, x-source-of: {maxLength: Z1}}
        kind: {type: string, nullable: true, enum: [novel, poem, null], x-source-of: {poem: Z1, enum/null: created}}
        dry_run: {type: boolean}
        example: {$ref: '#/components/schemas/Owner'}
        x-odd: {type: string}
      allOf:
      - properties: {contact_email: {type: string, format: email}}
      - properties: {owner: {$ref: '#/components/schemas/Owner'}}
"""


def example(directory: Path) -> dict[str, Any]:
    """The document; its directory gets the vendor's text."""
    documents = directory / "documents"
    documents.mkdir(exist_ok=True)
    (documents / "library.txt").write_text(DOCUMENT, "utf-8")
    return copy.deepcopy(parse(TEXT, "specs/library.yaml"))


def load(document: dict[str, Any], directory: Path) -> Contract:
    return build(document, "specs/library.yaml", directory)


def mistakes(document: dict[str, Any], directory: Path) -> list[str]:
    """What the loader says of a document, [] if it takes it."""
    try:
        load(document, directory)
    except ContractErrors as errors:
        return [str(error) for error in errors.errors]
    return []


def put(document: dict[str, Any], place: str, value: Any) -> None:
    """Set what is at a place written as tokens with spaces between; `-` as value removes it."""
    *above, last = place.split(" ")
    node: Any = document
    for token in above:
        node = node[int(token)] if isinstance(node, list) else node[token]
    key: Any = int(last) if isinstance(node, list) else last
    if value == "-":
        del node[key]
    else:
        node[key] = value
