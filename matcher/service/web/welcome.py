"""Where an invitation leads: a person chooses a password, and may sign in then."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response

from matcher.catalog import accept_invitation, find_invited, record_act
from matcher.errors import UsageError
from matcher.service import passwords
from matcher.service.logs import request_id
from matcher.service.state import service_of
from matcher.service.web.frame import PageRoute, query, see_other
from matcher.service.web.open_forms import OUT_OF_DATE, expect_patience, is_open_form, open_form
from matcher.service.web.visiting import SIGN_IN, WELCOME

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Secret = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,100}$")]
Text = Annotated[str, Form()]


@router.get(WELCOME + "/{secret}")
def show(request: Request, secret: Secret) -> Response:
    """The form; whoever has the address is whom it was made for."""
    with service_of(request).workspace.database.read() as connection:
        account = find_invited(connection, secret)
    return open_form(request, "welcome.html", account=account)


@router.post(WELCOME + "/{secret}")
def choose(request: Request, secret: Secret, new: Text = "", again: Text = "", csrf: Text = "") -> Response:
    """Keep the password; the invitation is over then, and the person signs in."""
    service = service_of(request)
    expect_patience(request, service)
    with service.workspace.database.read() as connection:
        account = find_invited(connection, secret)
    if not is_open_form(request, csrf):
        return open_form(request, "welcome.html", OUT_OF_DATE, account=account)
    try:
        if new != again:
            raise UsageError("the password was typed in two ways")
        passwords.expect_good(new, (account.name, account.owner))
    except UsageError as error:
        return open_form(request, "welcome.html", str(error), account=account)
    kept = passwords.hashed(new)
    with service.workspace.database.write() as connection:
        accept_invitation(connection, secret, kept)
        record_act(
            connection, account.owner_id, actor=f"person:{account.name}", action="person.accept",
            target=account.name, request_id=request_id.get(),
        )  # fmt: skip
    return see_other(request, SIGN_IN + query(name=account.name))
