"""Sends a mail by the site's server, in plain words and as a page."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from hydra_core.config.database import read_password
from hydra_core.config.telling import Mail
from hydra_core.errors import NoticeError

TIMEOUT = 20.0
"""Seconds that the server may take for each answer."""


def send(settings: Mail, to: Sequence[str], subject: str, text: str, html: str = "") -> None:
    """Send one mail to each address on its own, so that nobody reads who else gets it.

    Raises NoticeError naming every address that the server did not take; the others have it.
    """
    refused = []
    try:
        with _connected(settings) as server:
            for address in to:
                try:
                    server.send_message(_message(settings.sender, address, subject, text, html))
                except smtplib.SMTPServerDisconnected:
                    raise
                except smtplib.SMTPException as error:
                    refused.append(f"{address} ({error})")
    except (OSError, smtplib.SMTPException) as error:
        raise NoticeError(f"mail server {settings.server}:{settings.port}: {error}; nothing more was sent") from error
    if refused:
        raise NoticeError(f"mail server {settings.server}:{settings.port} refused {', '.join(refused)}")


def _connected(settings: Mail) -> smtplib.SMTP:
    trust = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.server, settings.port, timeout=TIMEOUT, context=trust)
    else:
        server = smtplib.SMTP(settings.server, settings.port, timeout=TIMEOUT)
    if settings.security == "start_tls":
        server.starttls(context=trust)
    if settings.password_file is not None:
        server.login(settings.user, read_password(settings.password_file))
    return server


def _message(sender: str, to: str, subject: str, text: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message
