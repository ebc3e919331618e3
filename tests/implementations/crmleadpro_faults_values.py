"""What can go wrong with the values that a lead takes."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Fault

REACHABLE = 'given.get("email") is not None or given.get("phone") is not None'
NAME = 'LEAD: Mapping[str, Check] = {\n    "name": text(200, VISIBLE, "not be blank"),'
EMAIL = '"email": nullable(text(254, EMAIL, "be an email address")),'
EMAIL_FORM = r"[A-Za-z0-9_'%+-]+(?:\.[A-Za-z0-9_'%+-]+)*@"
PHONE = '"phone": nullable(text(None, PHONE, "be a phone number")),'
PHONE_FORM = r'PHONE = r"(?:\+[1-9]|\(?[0-9])(?:[ ().-]{0,2}[0-9]){6,14}"'
SCORE = '"score": nullable(number(0, 100, whole=True)),'
STATUS = '    "status": word(STATUSES),\n    "pipeline": word'
STAGE = '"pipeline_stage": word(STAGE_SLUGS),'
TAGS = '"tags": array(text(50), 0, 50),'
NAME_OF = '        "name": document["name"],\n        "email": document'


def name_is(expression: str) -> tuple[str, str]:
    return NAME_OF, NAME_OF.replace('document["name"]', expression)


VALUES: tuple[Fault, ...] = (
    assumed(
        "name-not-required",
        "createLead/conformance",
        ('call.accept(LEAD, required=("name",), ', "call.accept(LEAD, "),
        name_is('document.get("name", "Unknown")'),
    ),
    assumed("neither-email-nor-phone", "createLead/conformance", (REACHABLE, "True")),
    assumed(
        "null-email-and-phone",
        "createLead/conformance",
        (REACHABLE, '"email" in given or "phone" in given'),
        subtle=True,
    ),
    assumed("email-required", "createLead/conformance", (REACHABLE, 'given.get("email") is not None')),
    assumed("phone-required", "createLead/conformance", (REACHABLE, 'given.get("phone") is not None')),
    assumed("blank-name", "createLead/conformance", (NAME, NAME.replace("VISIBLE", "ANY_TEXT"))),
    assumed(
        "name-of-invisible-signs",
        "createLead/conformance",
        (NAME, NAME.replace("VISIBLE", 'r"(?s:.*\\S.*)"')),
        subtle=True,
    ),
    assumed("name-of-201", "createLead/conformance", (NAME, NAME.replace("200", "201")), subtle=True),
    assumed("name-of-200-refused", "createLead/conformance", (NAME, NAME.replace("200", "199")), subtle=True),
    assumed("name-without-limit", "createLead/conformance", (NAME, NAME.replace("200", "None"))),
    assumed(
        "length-in-bytes",
        "createLead/conformance",
        ("longest is not None and len(value) > longest", "longest is not None and len(value.encode()) > longest"),
        subtle=True,
    ),
    assumed(
        "name-with-apostrophe-refused",
        "createLead/conformance",
        (NAME, NAME.replace("VISIBLE", 'r"(?!.*\')" + VISIBLE')),
        subtle=True,
    ),
    assumed(
        "one-letter-name-refused",
        "createLead/conformance",
        (NAME, NAME.replace("VISIBLE", 'r"[^\\x00]{2,}"')),
        subtle=True,
    ),
    assumed("any-email", "createLead/conformance", (EMAIL, '"email": nullable(text(254)),')),
    assumed(
        "email-needs-an-at-only",
        "createLead/conformance",
        (EMAIL, EMAIL.replace("EMAIL", 'r"[^@]+@[^@]+"')),
        subtle=True,
    ),
    assumed("email-of-255", "createLead/conformance", (EMAIL, EMAIL.replace("254", "255")), subtle=True),
    assumed("empty-email", "createLead/conformance", (EMAIL, EMAIL.replace("EMAIL", 'EMAIL + "|"')), subtle=True),
    assumed(
        "email-with-plus-refused", "createLead/conformance", (EMAIL_FORM, EMAIL_FORM.replace("+-]", "-]")), subtle=True
    ),
    assumed(
        "email-with-apostrophe-refused",
        "createLead/conformance",
        (EMAIL_FORM, EMAIL_FORM.replace("_'", "_")),
        subtle=True,
    ),
    assumed(
        "email-in-capitals-refused", "createLead/conformance", (EMAIL_FORM, EMAIL_FORM.replace("A-Z", "")), subtle=True
    ),
    assumed(
        "email-of-long-domain-refused",
        "createLead/conformance",
        ("[A-Za-z]{2,24}", "[A-Za-z]{2,4}"),
        subtle=True,
    ),
    assumed("any-phone", "createLead/conformance", (PHONE, '"phone": nullable(text()),')),
    assumed("empty-phone", "createLead/conformance", (PHONE, PHONE.replace("PHONE", 'PHONE + "|"')), subtle=True),
    assumed(
        "phone-as-number",
        "createLead/conformance",
        (
            PHONE,
            '"phone": lambda value: iter(()) if isinstance(value, int) else nullable(text(None, PHONE, "be a phone number"))(value),',
        ),
        subtle=True,
    ),
    assumed(
        "phone-of-6-digits", "createLead/conformance", (PHONE_FORM, PHONE_FORM.replace("{6,14}", "{5,14}")), subtle=True
    ),
    assumed(
        "phone-of-16-digits",
        "createLead/conformance",
        (PHONE_FORM, PHONE_FORM.replace("{6,14}", "{6,15}")),
        subtle=True,
    ),
    assumed(
        "phone-of-15-digits-refused",
        "createLead/conformance",
        (PHONE_FORM, PHONE_FORM.replace("{6,14}", "{6,13}")),
        subtle=True,
    ),
    assumed(
        "phone-without-plus-refused",
        "createLead/conformance",
        (PHONE_FORM, PHONE_FORM.replace(r"(?:\+[1-9]|\(?[0-9])", r"\+[1-9]")),
        subtle=True,
    ),
    assumed(
        "phone-with-brackets-refused",
        "createLead/conformance",
        (PHONE_FORM, PHONE_FORM.replace("[ ().-]", "[ .-]")),
        subtle=True,
    ),
    assumed(
        "phone-in-other-digits", "createLead/conformance", (PHONE_FORM, PHONE_FORM.replace("[0-9]", r"\d")), subtle=True
    ),
    assumed("any-status", "createLead/conformance", (STATUS, STATUS.replace("word(STATUSES)", "text()"))),
    assumed(
        "status-in-any-letter-case",
        "createLead/conformance",
        (STATUS, STATUS.replace("word(STATUSES)", 'text(None, "(?i:" + "|".join(STATUSES) + ")")')),
        subtle=True,
    ),
    assumed(
        "status-unqualified-refused",
        "createLead/conformance",
        (STATUS, STATUS.replace("STATUSES", "(*STATUSES[:3], *STATUSES[4:])")),
        subtle=True,
    ),
    assumed(
        "null-status",
        "createLead/conformance",
        (STATUS, STATUS.replace("word(STATUSES)", "nullable(word(STATUSES))")),
        subtle=True,
    ),
    assumed(
        "any-pipeline",
        "createLead/conformance",
        ('    "pipeline": word(("sales",)),\n    "pipeline_stage"', '    "pipeline": text(),\n    "pipeline_stage"'),
    ),
    assumed(
        "null-pipeline",
        "createLead/conformance",
        (
            '    "pipeline": word(("sales",)),\n    "pipeline_stage"',
            '    "pipeline": nullable(word(("sales",))),\n    "pipeline_stage"',
        ),
        subtle=True,
    ),
    documented(
        "pipeline-of-the-example-refused",
        "createLead/conformance",
        (
            '    "pipeline": word(("sales",)),\n    "pipeline_stage"',
            '    "pipeline": word(("default",)),\n    "pipeline_stage"',
        ),
    ),
    assumed("any-stage", "createLead/conformance", (STAGE, '"pipeline_stage": text(64, SLUG),')),
    assumed(
        "closed-lost-refused",
        "createLead/conformance",
        (STAGE, STAGE.replace("STAGE_SLUGS", "STAGE_SLUGS[:-1]")),
        subtle=True,
    ),
    assumed("score-of-101", "createLead/conformance", (SCORE, SCORE.replace("100", "101")), subtle=True),
    assumed("score-of-100-refused", "createLead/conformance", (SCORE, SCORE.replace("100", "99")), subtle=True),
    assumed("score-below-zero", "createLead/conformance", (SCORE, SCORE.replace("0, 100", "-100, 100"))),
    assumed("score-with-fraction", "createLead/conformance", (SCORE, SCORE.replace(", whole=True", "")), subtle=True),
    assumed(
        "score-true",
        "createLead/conformance",
        ("if isinstance(value, bool) or not isinstance(value, int | float):", "if not isinstance(value, int | float):"),
        subtle=True,
    ),
    assumed(
        "score-as-text",
        "createLead/conformance",
        (
            SCORE,
            '"score": lambda value: iter(()) if isinstance(value, str) and value.isdecimal() else nullable(number(0, 100, whole=True))(value),',
        ),
        subtle=True,
    ),
    assumed(
        "tag-of-any-type", "createLead/conformance", (TAGS, TAGS.replace("text(50)", "lambda _: iter(())")), subtle=True
    ),
    assumed("51-tags", "createLead/conformance", (TAGS, TAGS.replace("0, 50", "0, 51")), subtle=True),
    assumed("50-tags-refused", "createLead/conformance", (TAGS, TAGS.replace("0, 50", "0, 49")), subtle=True),
    assumed("tag-of-51", "createLead/conformance", (TAGS, TAGS.replace("text(50)", "text(51)")), subtle=True),
    assumed("no-tags-refused", "createLead/conformance", (TAGS, TAGS.replace("0, 50", "1, 50")), subtle=True),
    assumed(
        "company-of-201",
        "createLead/conformance",
        ('"company": nullable(text(200)),', '"company": nullable(text(201)),'),
        subtle=True,
    ),
    assumed(
        "source-of-101",
        "createLead/conformance",
        ('"source": nullable(text(100)),', '"source": nullable(text(101)),'),
        subtle=True,
    ),
    assumed(
        "null-company-refused",
        "createLead/conformance",
        ('"company": nullable(text(200)),', '"company": text(200),'),
        subtle=True,
    ),
    assumed(
        "assigned-to-of-any-type",
        "createLead/conformance",
        ('"assigned_to": nullable(text(100)),', '"assigned_to": lambda _: iter(()),'),
        subtle=True,
    ),
)
