"""URLs that must not make us connect to anything internal, each with the reason why it might."""

from typing import Final

import msgspec

from tests.integration.hostile.name_server import Name

ORIGIN: Final = "93.184.216.34"
ORIGIN_IPV6: Final = "2606:2800:220:1::1"
# Internal, special and platform-internal: a connection to any of these is a leak.
_CANARY_TABLE: Final = """
    127.0.0.1 127.0.0.2 127.255.255.254 10.0.0.1 10.96.0.1 172.16.0.1 172.17.0.1 172.31.255.254
    192.168.0.1 192.168.1.1 169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 168.63.129.16
    192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1
    ::1 fd00:ec2::254 fd12:3456::1 fec0::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1
    2002:7f00:1:: 2002:a9fe:a9fe:: 2001:0:7f00:1::1 2001:db8::1 3fff::1 5f00::1 2620:4f:8000::1
"""
CANARY_ADDRESSES: Final = tuple(_CANARY_TABLE.split())
CANARY_PORTS: Final = (22, 80, 443, 2375, 4222, 6379, 8080, 9000, 27017)
# The origin itself is public, but not on these.
CLOSED_PORTS: Final = tuple(port for port in CANARY_PORTS if port not in {80, 443})

NAMES: Final[dict[str, Name]] = {
    "shop.example": Name(turns=((ORIGIN,),)),
    "other.example": Name(turns=((ORIGIN,),)),
    "six.example": Name(turns=((ORIGIN_IPV6,),)),
    "both.example": Name(turns=((ORIGIN, ORIGIN_IPV6),)),
    "alias.example": Name(turns=((ORIGIN,),), aliases=("cdn.example", "edge.example")),
    "late.example": Name(turns=((ORIGIN,), ("127.0.0.1",))),
    "later.example": Name(turns=((ORIGIN,), (ORIGIN,), ("169.254.169.254",))),
    "flip.example": Name(turns=((ORIGIN,), ("10.0.0.1",), (ORIGIN,))),
    "late-six.example": Name(turns=((ORIGIN,), ("::1",))),
    "late-both.example": Name(turns=((ORIGIN,), (ORIGIN, "127.0.0.1"))),
    "private.example": Name(turns=(("10.0.0.1",),)),
    "private-b.example": Name(turns=(("172.17.0.1",),)),
    "private-c.example": Name(turns=(("192.168.1.1",),)),
    "loopback.example": Name(turns=(("127.0.0.1",),)),
    "loopback-odd.example": Name(turns=(("127.255.255.254",),)),
    "zero.example": Name(turns=(("0.0.0.0",),)),  # noqa: S104 - an answer, nothing listens there
    "metadata.example": Name(turns=(("169.254.169.254",),)),
    "task-metadata.example": Name(turns=(("169.254.170.2",),)),
    "wire.example": Name(turns=(("168.63.129.16",),)),
    "carrier.example": Name(turns=(("100.64.0.1",),)),
    "alibaba.example": Name(turns=(("100.100.100.200",),)),
    "oracle.example": Name(turns=(("192.0.0.192",),)),
    "benchmark.example": Name(turns=(("198.18.0.1",),)),
    "multicast.example": Name(turns=(("224.0.0.1",),)),
    "broadcast.example": Name(turns=(("255.255.255.255",),)),
    "loopback-six.example": Name(turns=(("::1",),)),
    "unique-local.example": Name(turns=(("fd00:ec2::254",),)),
    "link-local.example": Name(turns=(("fe80::1",),)),
    "site-local.example": Name(turns=(("fec0::1",),)),
    "mapped.example": Name(turns=(("::ffff:127.0.0.1",),)),
    "mapped-metadata.example": Name(turns=(("::ffff:169.254.169.254",),)),
    "compatible.example": Name(turns=(("::127.0.0.1",),)),
    "translated.example": Name(turns=(("64:ff9b::7f00:1",),)),
    "translated-local.example": Name(turns=(("64:ff9b:1::a00:1",),)),
    "six-to-four.example": Name(turns=(("2002:a9fe:a9fe::",),)),
    "teredo.example": Name(turns=(("2001:0:7f00:1::1",),)),
    "documentation.example": Name(turns=(("2001:db8::1",),)),
    "segment.example": Name(turns=(("5f00::1",),)),
    "mixed.example": Name(turns=((ORIGIN, "127.0.0.1"),)),
    "mixed-first.example": Name(turns=(("10.0.0.1", ORIGIN),)),
    "mixed-six.example": Name(turns=((ORIGIN, "::1"),)),
    "mixed-many.example": Name(turns=((*(f"93.184.216.{n}" for n in range(34, 54)), "10.0.0.1"),)),
    "alias-private.example": Name(turns=(("10.0.0.1",),), aliases=("inner.example",)),
    "alias-local.example": Name(turns=(("127.0.0.1",),), aliases=("cdn.example", "localhost")),
    "alias-long.example": Name(
        turns=(("169.254.169.254",),), aliases=tuple(f"hop-{n}.example" for n in range(8))
    ),
    "nothing.example": Name(turns=((),)),
    "silent.example": Name(turns=()),
}


class HostileUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A URL, why it is tried, and the public code of its refusal."""

    url: str
    reason: str
    code: str = "image_fetch_refused"


_WRITTEN: Final = r"""
http://127.0.0.1/                             loopback, as it is usually written
https://127.0.0.1/                            loopback behind TLS
http://127.0.0.1:6379/                        Redis on loopback
http://127.0.0.1:22/                          SSH on loopback
http://127.0.0.2/                             loopback is a whole network
http://127.255.255.254/                       loopback is a whole network, its end
http://127.1/                                 two parts, which getaddrinfo fills with zeros
http://127.0.1/                               three parts, which getaddrinfo fills
http://2130706433/                            one decimal number
http://0x7f000001/                            one hexadecimal number
http://0x7F.0.0.1/                            a hexadecimal part in capitals
http://0x7f.1/                                a hexadecimal part, and short
http://0177.0.0.1/                            an octal part
http://017700000001/                          one octal number
http://127.00.0.1/                            a leading zero
http://127.0.0.1./                            a root dot behind an address
http://4294967297/                            overflows to 0.0.0.1
http://127.0.0.1.1/                           five parts that end in a number
http://example.0x7f/                          a name that ends in a number
http://0/                                     this host, in one digit
http://0.0.0.0/                               this host reaches loopback on Linux
http://0.0.0.0:8080/                          this host, on a port of ours
http://localhost/                             the hosts file
http://LOCALHOST/                             the hosts file, in capitals
http://localhost./                            the hosts file, with a root dot
http://shop.localhost/                        a name below localhost
http://localhost.localdomain/                 the other name of loopback
http://redis/                                 a service of a compose file
http://minio:9000/                            a service of a compose file, with its port
http://mongodb:27017/                         a database of a compose file
http://nats:4222/                             the log itself
http://host.docker.internal/                  the machine under the container
http://metadata.google.internal/              the platform's metadata by name
http://kubernetes.default.svc/                the cluster's API
http://kubernetes.default.svc.cluster.local/  the cluster's API, in full
http://printer.local/                         multicast DNS
http://1.0.0.127.in-addr.arpa/                the reverse tree
http://10.0.0.1/                              RFC 1918, the largest block
http://10.96.0.1/                             the usual service network of a cluster
http://172.16.0.1/                            RFC 1918, the middle block
http://172.17.0.1/                            the usual bridge of Docker
http://172.31.255.254/                        RFC 1918, the end of the middle block
http://192.168.0.1/                           RFC 1918, the small block
http://192.168.1.1:8080/                      the administration of a router
http://169.254.169.254/latest/meta-data/      the metadata of most platforms
http://169.254.170.2/v2/credentials           the credentials of a container
http://100.64.0.1/                            carrier-grade NAT
http://100.100.100.200/                       metadata inside carrier-grade NAT
http://168.63.129.16/                         registered as public, internal on its platform
http://192.0.0.192/                           metadata in the protocol block
http://192.0.2.1/                             documentation
http://192.88.99.1/                           the relay of 6to4
http://198.18.0.1/                            benchmarks
http://203.0.113.1/                           documentation
http://224.0.0.1/                             multicast
http://255.255.255.255/                       broadcast
http://[::1]/                                 IPv6 loopback
http://[0:0:0:0:0:0:0:1]:6379/                IPv6 loopback in full
http://[::]/                                  the unspecified address
http://[::ffff:127.0.0.1]/                    IPv4 inside IPv6
http://[::ffff:7f00:1]:8080/                  IPv4 inside IPv6, in hexadecimal
http://[::ffff:a9fe:a9fe]/                    metadata inside IPv6
http://[::127.0.0.1]/                         IPv4-compatible
http://[64:ff9b::7f00:1]/                     NAT64 to loopback
http://[64:ff9b::169.254.169.254]/            NAT64 to metadata
http://[64:ff9b:1::a00:1]/                    NAT64 of the local operator
http://[2002:7f00:1::]/                       6to4 to loopback
http://[2002:a9fe:a9fe::]/                    6to4 to metadata
http://[2001:0:7f00:1::1]/                    Teredo
http://[2001:db8::1]/                         documentation
http://[3fff::1]/                             documentation, the new block
http://[5f00::1]/                             segment routing
http://[2620:4f:8000::1]/                     a special block among the public ones
http://[fd00:ec2::254]/                       metadata in unique local addresses
http://[fd12:3456::1]/                        unique local
http://[fec0::1]/                             site-local, deprecated and still routed
http://[fe80::1]/                             link-local
http://[fe80::1%25lo]/                        link-local with a zone
http://[::1%25lo]/                            loopback with a zone
http://[::1                                   a bracket without its other half
http://[127.0.0.1]/                           IPv4 in brackets
http://shop.example:22/                       SSH of a public host
http://shop.example:6379/                     Redis of a public host
http://shop.example:8080/                     an odd port of a public host
https://93.184.216.34:2375/                   Docker of a public address
http://[2606:2800:220:1::1]:9000/             an odd port of a public IPv6 address
http://shop.example:0/                        port nought
http://shop.example:65616/                    a port that overflows to 80
http://shop.example:-80/                      a negative port
http://shop.example:8o/                       a port with a letter
http://user@127.0.0.1/                        a user in front of loopback
http://shop.example@127.0.0.1/                a user that looks like the host
http://user:secret@shop.example/              credentials for a public host
http://127.0.0.1@shop.example/                loopback as a user
http://@127.0.0.1/                            an empty user
http://127.0.0.1\@shop.example/               a backslash that browsers read as a slash
http://shop.example\@127.0.0.1/               the same, the other way round
http://127%2e0%2e0%2e1/                       escaped dots
http://%6c%6f%63%61%6c%68%6f%73%74/           an escaped localhost
http://127.0.0.1%00.shop.example/             an escaped NUL
http://shop_example.example/                  a character that is in no host name
http://-shop.example/                         a label that begins with a hyphen
http://shop..example/                         an empty label
http:127.0.0.1                                no slashes
http:/127.0.0.1/                              one slash
http:///127.0.0.1/                            three slashes
//127.0.0.1/                                  no scheme
127.0.0.1                                     no scheme and no slashes
http://                                       no host
http://?127.0.0.1                             a query instead of a host
ftp://127.0.0.1/                              another scheme
file:///etc/passwd                            a file
gopher://127.0.0.1:6379/_INFO                 a scheme that speaks Redis
dict://127.0.0.1:6379/INFO                    another one
data:image/png;base64,AAAA                    no network at all
javascript:alert(1)                           a script
jar:http://127.0.0.1!/                        a scheme in front of a scheme
unix:///var/run/docker.sock                   a socket file
"""

_CHARACTERS: Final = (
    ("", "nothing"),
    (" http://127.0.0.1/", "a space in front"),
    ("http://127.0.0.1\t/", "a tab, which browsers drop"),
    ("http://127.0.0.1\n/", "a line feed, which browsers drop"),
    ("http://shop.example/\r\nHost: localhost", "a header of its own"),
    ("http://127.0.0.1\x00.shop.example/", "a NUL"),
    ("http://\uff11\uff12\uff17.0.0.1/", "fullwidth digits"),
    ("http://\u2460\u2461\u2466.0.0.1/", "circled digits"),
    ("http://127\u30020\u30020\u30021/", "ideographic full stops"),
    ("http://local\u00adhost/", "a soft hyphen"),
    ("http://shop.example/" + "a" * 2048, "longer than anybody needs"),
)

_LED_BY_NAME: Final = tuple(
    HostileUrl(url=f"http://{name}/logo.png", reason=f"a public name that leads to {known.turns}")
    for name, known in NAMES.items()
    if known.turns and ORIGIN not in known.turns[0] and ORIGIN_IPV6 not in known.turns[0]
) + tuple(
    HostileUrl(url=f"http://{name}/logo.png", reason="a public and a private address for one name")
    for name in ("mixed.example", "mixed-six.example", "mixed-many.example")
)

_REDIRECT_TARGETS: Final = (
    ("http://127.0.0.1/", "redirect to loopback"),
    ("http://169.254.169.254/latest/meta-data/", "redirect to metadata"),
    ("//10.0.0.1/", "redirect without a scheme"),
    ("http://[::1]:6379/", "redirect to Redis"),
    ("http://[::ffff:127.0.0.1]/", "redirect to IPv4 inside IPv6"),
    ("http://2130706433/", "redirect to a number"),
    ("http://localhost/", "redirect to the hosts file"),
    ("http://private.example/", "redirect to a name that leads inside"),
    ("http://mixed.example/", "redirect to a name that leads both ways"),
    ("http://shop.example:22/", "redirect to another port"),
    ("http://user@127.0.0.1/", "redirect with credentials"),
    ("file:///etc/passwd", "redirect to a file"),
    ("gopher://127.0.0.1:6379/_INFO", "redirect to another protocol"),
    ("http://127.0.0.1\\@shop.example/", "redirect with a backslash"),
    ("http://shop.example/302?http://shop.example/302?http://10.0.0.1/", "the third hop inside"),
    ("", "redirect to nowhere"),
)

_TWO_HOPS_TO_A_NAME: Final = (
    ("late.example", "an answer that changes between two hops"),
    ("flip.example", "an answer that is public, private and public again"),
    ("late-six.example", "an answer that changes to IPv6"),
    ("late-both.example", "an answer that grows a private address"),
)

HOSTILE_URLS: Final = (
    *(
        HostileUrl(url=line.split(maxsplit=1)[0], reason=line.split(maxsplit=1)[1])
        for line in _WRITTEN.strip().splitlines()
    ),
    *(HostileUrl(url=url, reason=reason) for url, reason in _CHARACTERS),
    *_LED_BY_NAME,
    *(
        HostileUrl(url=f"http://shop.example/302?{target}", reason=reason)
        for target, reason in _REDIRECT_TARGETS
        if "\\" not in target
    ),
    *(
        HostileUrl(url=f"http://{name}/302?http://{name}/", reason=reason)
        for name, reason in _TWO_HOPS_TO_A_NAME
    ),
    HostileUrl(
        url="http://later.example/302?http://later.example/302?http://later.example/",
        reason="an answer that changes before the third hop",
    ),
    HostileUrl(url="http://shop.example/loop", reason="a redirect to itself"),
    HostileUrl(url="http://shop.example/backslash", reason="a redirect with a backslash"),
    HostileUrl(url="http://unknown.example/", reason="a name that does not exist"),
    HostileUrl(
        url="http://silent.example/", reason="a silent name server", code="image_fetch_failed"
    ),
)

GOOD_URLS: Final = (
    "http://shop.example/logo.png",
    "http://93.184.216.34/logo.png",
    "http://[2606:2800:220:1::1]/logo.png",
    "http://six.example/logo.png",
    "http://both.example/logo.png",
    "http://alias.example/logo.png",
    "http://SHOP.example:80/a%2Fb.png?x=%2F#part",
    "http://shop.example/302?/logo.png",
    "http://shop.example/302?//six.example/logo.png",
)
