"""The receiver of webhooks, over real sockets."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from contract_tests.receiver import Inbox, Patience, Receiver, Reply
from contract_tests.rule import Broken, NotChecked
from contract_tests.target import Listening


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(Listening()) as opened:
        yield opened


def _post(url: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("POST", url.removeprefix(f"http://{parts.netloc}"), body, headers)
        return connection.getresponse()
    finally:
        connection.close()


def _said(inbox: Inbox, body: bytes) -> int:
    return _post(inbox.url, body).status


def test_what_arrives_is_kept_as_it_came(receiver: Receiver) -> None:
    inbox, before = receiver.inbox("?from=mega"), time.time()
    response = _post(inbox.url, b'{"a" :  "\xc3\xa9 token1"}', **{"X-Mega-Delivery": "d1"})
    (delivery,) = inbox.about("token1")
    assert response.status == 200
    assert (delivery.method, delivery.path) == ("POST", f"/{inbox.url.rpartition('/')[2]}")
    assert delivery.path.endswith("?from=mega")
    assert delivery.body == b'{"a" :  "\xc3\xa9 token1"}'
    assert delivery.headers["x-mega-delivery"] == "d1"
    assert delivery.json == {"a": "é token1"}
    assert before <= delivery.moment <= time.time()


def test_paths_do_not_mix_and_unknown_ones_are_gone(receiver: Receiver) -> None:
    one, other = receiver.inbox(), receiver.inbox()
    _said(one, b"token1")
    assert [len(inbox.about("token1")) for inbox in (one, other)] == [1, 0]
    assert _post(f"{one.url}x").status == 410


def test_answers_follow_the_script_of_the_text_that_they_are_about(receiver: Receiver) -> None:
    inbox = receiver.inbox()
    moved = (("Location", receiver.inbox().url),)
    inbox.script(Reply(500), Reply(301, moved), Reply(410), Reply(204), about="token1")
    assert _said(inbox, b"token2") == 200
    assert _said(inbox, b"token1") == 500
    response = _post(inbox.url, b"token1")
    assert (response.status, response.headers["Location"]) == (301, moved[0][1])
    assert [_said(inbox, b"token1") for _ in range(3)] == [410, 204, 204]


def test_an_answer_may_be_late_or_never_come(receiver: Receiver) -> None:
    inbox, started = receiver.inbox(), time.monotonic()
    inbox.script(Reply(200, after=0.2), Reply(0), about="token1")
    assert _said(inbox, b"token1") == 200
    assert time.monotonic() - started >= 0.2
    with pytest.raises(http.client.RemoteDisconnected):
        _said(inbox, b"token1")
    assert len(inbox.about("token1")) == 2


def test_waiting_ends_with_the_last_arrival_or_with_the_time(receiver: Receiver) -> None:
    inbox, started = receiver.inbox(), time.monotonic()
    senders = [threading.Thread(target=_said, args=(inbox, b"token1")) for _ in range(2)]
    for sender in senders:
        sender.start()
    assert len(inbox.wait("token1", number=2, seconds=5)) == 2
    assert time.monotonic() - started < 4
    assert len(inbox.wait("token1", number=3, seconds=0.05)) == 2
    assert not receiver.wait(lambda: False, 0.01)
    for sender in senders:
        sender.join()


def test_a_closed_inbox_says_that_it_is_gone(receiver: Receiver) -> None:
    inbox = receiver.inbox()
    inbox.close()
    assert _said(inbox, b"token1") == 410
    assert not inbox.about("token1")


def test_a_body_may_come_in_chunks_and_a_connection_may_be_used_again(receiver: Receiver) -> None:
    inbox = receiver.inbox()
    connection = http.client.HTTPConnection(urlsplit(inbox.url).netloc, timeout=5)
    for _ in range(2):
        connection.request("POST", urlsplit(inbox.url).path, iter([b"tok", b"en1"]), encode_chunked=True)
        connection.getresponse().read()
    connection.close()
    assert [delivery.body for delivery in inbox.about("token1")] == [b"token1"] * 2


def test_what_is_no_json_breaks_the_rule_that_reads_it(receiver: Receiver) -> None:
    inbox = receiver.inbox()
    _said(inbox, b"token1")
    with pytest.raises(Broken, match="a delivery in JSON"):
        _ = inbox.about("token1")[0].json


def test_a_sender_that_hangs_up_disturbs_nobody(receiver: Receiver) -> None:
    inbox = receiver.inbox()
    with socket.create_connection(("127.0.0.1", urlsplit(inbox.url).port or 0), timeout=5) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n1")
    assert _said(inbox, b"token1") == 200


def test_a_port_that_is_taken_is_told_as_a_reason(receiver: Receiver) -> None:
    port = urlsplit(receiver.inbox().url).port or 0
    with (
        pytest.raises(NotChecked, match=f"cannot listen for webhooks at 127.0.0.1:{port}"),
        Receiver(Listening(port=port)),
    ):
        pass


def test_its_end_frees_the_port_and_ends_slow_answers() -> None:
    with Receiver(Listening()) as first:
        inbox = first.inbox()
        inbox.script(Reply(200, after=30), about="token1")

        def be_cut_off() -> None:
            with pytest.raises(OSError, match=r"."):
                _said(inbox, b"token1")

        sender = threading.Thread(target=be_cut_off)
        sender.start()
        inbox.wait("token1", seconds=5)
    sender.join(timeout=5)
    assert not sender.is_alive()
    with Receiver(Listening(port=urlsplit(inbox.url).port or 0, url_host="receiver.test")) as second:
        assert second.inbox().url.startswith(f"http://receiver.test:{urlsplit(inbox.url).port}/")


def test_an_id_is_not_found_inside_another_value(receiver: Receiver) -> None:
    """Ids may be numbers that are counted up, which phones, dates and longer ids hold by chance."""
    inbox = receiver.inbox()
    _said(
        inbox, b'{"id": "7", "contact_phone": "+1 206 555 1025", "created_at": "2026-01-02T10:25:00Z", "of": "lead_1"}'
    )
    _said(inbox, b'{"id": 1025, "of": "lead_10"}')
    _said(inbox, b'{"lead": {"id": "2026", "of": "lead_101"}}')
    bodies = [delivery.body[:10] for delivery in inbox.about("1025", "2026")]
    assert bodies == [b'{"id": 102', b'{"lead": {']
    assert [len(inbox.about(text)) for text in ("7", "lead_1", "lead_10", "lead_101")] == [1, 1, 1, 1]


def test_where_deliveries_never_come_others_are_not_awaited_for_long() -> None:
    """Else a target that loses them would keep each rule waiting in vain."""
    patience = Patience()
    patience.learn(patience.seconds, came=False)
    assert patience.seconds == 8
    patience.learn(patience.seconds, came=False)
    assert patience.seconds == 1.5


def test_a_target_that_is_slow_is_given_its_time_still() -> None:
    patience = Patience()
    for seconds, came in ((2.0, True), (8.0, False), (0.1, True), (8.0, False)):
        patience.learn(seconds, came=came)
    assert patience.seconds == 6


def test_what_is_due_is_given_as_soon_as_it_is_there(receiver: Receiver) -> None:
    inbox = receiver.inbox()
    sender = threading.Timer(0.1, _said, (inbox, b'"one"'))
    sender.start()
    assert [one.body for one in inbox.due("one")] == [b'"one"']
    assert receiver.due(lambda: bool(inbox.about("one")))
    sender.join()  # It has its answer before the receiver closes.
