"""A real, small LDAP server (ldaptor) as a process: a few people and groups, with StartTLS when it has a certificate.

Run as `python -m support.ldap_server PORT [CERTIFICATE]`; it says READY once it answers.
"""

import datetime
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from support.hall import quiet
from support.ports import free_port

BASE = "dc=example,dc=org"
PEOPLE = f"ou=people,{BASE}"
LDIF = f"""
dn: dc=example,dc=org
objectClass: dcObject
dc: example

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: cn=reader,{BASE}
objectClass: person
cn: reader
sn: reader
userPassword: reads-everything

dn: uid=anna,{PEOPLE}
objectClass: inetOrgPerson
uid: anna
cn: Anna Lyse
displayName: Anna L.
sn: Lyse
mail: anna@example.org
memberOf: cn=halld-shift,ou=groups,{BASE}
userPassword: annas password

dn: uid=ben,{PEOPLE}
objectClass: inetOrgPerson
uid: ben
cn: Ben
sn: Ben
userPassword: bens password

dn: uid=twin,{PEOPLE}
objectClass: inetOrgPerson
uid: twin
cn: Twin One
sn: Twin
userPassword: the twins password

dn: uid=twin,ou=groups,{BASE}
objectClass: inetOrgPerson
uid: twin
cn: Twin Two
sn: Twin
userPassword: the twins password

dn: cn=halld-experts,ou=groups,{BASE}
objectClass: groupOfNames
cn: halld-experts
member: uid=ben,{PEOPLE}

"""


@contextmanager
def running_ldap(certificate: Path | None = None) -> Iterator[int]:
    """Run the server until the block ends, and give its port."""
    port = free_port()
    words = [sys.executable, "-W", "ignore", "-m", "support.ldap_server", str(port)]
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    out = subprocess.PIPE
    process = subprocess.Popen(
        words + ([str(certificate)] if certificate else []),
        stdout=out,
        stderr=out,
        text=True,
        env=quiet(PYTHONPATH=path),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == "READY\n", process.communicate(timeout=10)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def make_certificate(path: Path) -> Path:
    """Write key and certificate of `localhost` into one PEM file, and return it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(encoding))
    return path


def main() -> None:
    """Serve until SIGTERM."""
    from ldaptor.inmemory import fromLDIFFile
    from ldaptor.protocols import pureldap
    from ldaptor.protocols.ldap import ldaperrors
    from ldaptor.protocols.ldap.ldapserver import LDAPServer
    from twisted.internet import endpoints, reactor, ssl
    from twisted.internet.protocol import ServerFactory

    class Server(LDAPServer):
        def extendedRequest_StartTLS(self, value: object, reply: Callable[[object], None]) -> None:  # noqa: N802
            if self.factory.options is None:
                raise ldaperrors.LDAPUnavailable(b"no certificate")
            reply(pureldap.LDAPExtendedResponse(0, responseName=pureldap.LDAPStartTLSRequest.oid))
            self.transport.startTLS(self.factory.options)

        extendedRequest_StartTLS.oid = pureldap.LDAPStartTLSRequest.oid  # type: ignore[attr-defined]

    class Factory(ServerFactory):
        protocol = Server
        root = None
        options = None

        def buildProtocol(self, address: object) -> LDAPServer:  # noqa: N802 (Twisted's name)
            made = self.protocol()
            made.factory = self
            return made

    factory = Factory()
    if len(sys.argv) > 2:
        factory.options = ssl.PrivateCertificate.loadPEM(Path(sys.argv[2]).read_text()).options()

    def serve(tree: object) -> None:
        from ldaptor.interfaces import IConnectedLDAPEntry
        from twisted.python.components import registerAdapter

        factory.root = tree
        registerAdapter(lambda made: made.root, Factory, IConnectedLDAPEntry)
        endpoints.TCP4ServerEndpoint(reactor, int(sys.argv[1]), interface="127.0.0.1").listen(factory)
        print("READY", flush=True)

    fromLDIFFile(BytesIO(LDIF.lstrip().encode())).addCallback(serve)
    reactor.run()


if __name__ == "__main__":
    main()
