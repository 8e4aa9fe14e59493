"""Addresses that the hub calls: public https hosts, whatever spelling is tried."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from coalition.outgoing.targets import TargetRefused, check_address, parse_target


def test_a_public_https_address_is_taken_apart() -> None:
    target = parse_target("https://shop.example:8443/hooks/a?b=c", allow_private=False)
    assert (target.host, target.port, target.path) == ("shop.example", 8443, "/hooks/a?b=c")
    assert parse_target("https://shop.example", allow_private=False).path == "/"


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "https://user@shop.example/",
        "https://user:pass@shop.example/",
        "https://shop.example/#x",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://localhost/",
        "https://hub.local/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://shop.example\\@127.0.0.1/",
        "https://shop example/",
        "https://shöp.example/",
        "https:///path",
        "https://-a.example/",
        "https://" + "a" * 2000 + ".example/",
        "",
    ],
)
def test_an_address_that_is_not_public_https_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        parse_target(url, allow_private=False)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "0.0.0.0",
        "169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::", "::1",
        "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2001:0:1::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_refused(text: str) -> None:
    with pytest.raises(TargetRefused):
        check_address(ip_address(text), allow_private=False)


@pytest.mark.parametrize("text", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_taken(text: str) -> None:
    check_address(ip_address(text), allow_private=False)


def test_a_test_environment_may_allow_loopback_but_never_multicast() -> None:
    assert parse_target("http://127.0.0.1:9000/x", allow_private=True).port == 9000
    assert parse_target("http://localhost/x", allow_private=True).port == 80
    with pytest.raises(TargetRefused):
        check_address(ip_address("224.0.0.1"), allow_private=True)
