"""The pages to sign in and out at, and one's own account."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import Connection

from matcher.catalog import (
    Account,
    begin_session,
    end_other_sessions,
    end_session,
    find_account,
    forget_failures,
    keep_password,
    note_failure,
    record_act,
    sweep_sessions,
)
from matcher.errors import UsageError
from matcher.service import passwords
from matcher.service.logs import request_id
from matcher.service.state import Service, service_of
from matcher.service.web.frame import PageRoute, render, see_other
from matcher.service.web.open_forms import OUT_OF_DATE, expect_patience, is_open_form, open_form
from matcher.service.web.visiting import (
    SIGN_IN,
    Visitor,
    admitted,
    cookie_name,
    find_visitor,
    session_lasts,
    set_cookie,
)

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Someone = Annotated[Visitor, admitted()]
Text = Annotated[str, Form()]
WRONG = "The name or the password is wrong, or the account is locked for a while."
_log = logging.getLogger("matcher.service")
_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@router.get(SIGN_IN)
def show(request: Request, next: str = "", name: str = "") -> Response:
    """The form."""
    if find_visitor(request) is not None:
        return see_other(request, _within(next))
    return open_form(request, "sign_in.html", next=next, name=name[:100])


@router.post(SIGN_IN)
def sign_in(
    request: Request,
    name: Text = "",
    password: Text = "",
    next: Text = "",
    csrf: Text = "",
) -> Response:
    """Begin a session, or show the form again; what was wrong is not told."""
    service = service_of(request)
    expect_patience(request, service)
    if not is_open_form(request, csrf):
        return open_form(request, "sign_in.html", OUT_OF_DATE, next=next, name=name[:100])
    account = _proven(service, name, password)
    if account is None:
        return open_form(request, "sign_in.html", WRONG, next=next, name=name[:100])
    settings = service.workspace.settings.service
    with service.workspace.database.write() as connection:
        sweep_sessions(connection, timedelta(seconds=settings.session_idle_seconds))
        secret = begin_session(connection, account.account_id, session_lasts(settings))
        _record(connection, account, "person.sign-in")
    answer = see_other(request, _within(next))
    set_cookie(request, answer, secret)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, visitor: Someone) -> Response:
    """End the session; the browser forgets the pictures too."""
    with visitor.caller.write("person.sign-out", visitor.account.name) as connection:
        end_session(connection, request.cookies[cookie_name(request)])
    answer = see_other(request, SIGN_IN)
    answer.delete_cookie(cookie_name(request))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.get("/account")
def account(request: Request, visitor: Someone) -> Response:
    """One's own account."""
    return render(request, "account.html", done="", wrong="")


@router.post("/account/password")
def change_password(
    request: Request, visitor: Someone, password: Text = "", new: Text = "", again: Text = ""
) -> Response:
    """Another password; all other sessions end."""
    mine = visitor.account
    try:
        if _proven(visitor.caller.service, mine.name, password) is None:
            raise UsageError("the present password is wrong")
        if new != again:
            raise UsageError("the new password was typed in two ways")
        passwords.expect_good(new, (mine.name, mine.owner))
    except UsageError as error:
        return render(request, "account.html", HTTPStatus.UNPROCESSABLE_ENTITY, done="", wrong=str(error))
    kept = passwords.hashed(new)
    with visitor.caller.write("person.password", mine.name) as connection:
        keep_password(connection, mine.account_id, kept)
        end_other_sessions(connection, mine.account_id, request.cookies[cookie_name(request)])
    return render(request, "account.html", done="The password is changed; other sessions ended.", wrong="")


def _within(address: str) -> str:
    """`address` where it is one of this service's pages, else the overview."""
    return address if _OURS.fullmatch(address) else "/"


def _proven(service: Service, name: str, password: str) -> Account | None:
    """The account where name and password are right and it is not locked; failures count."""
    database, settings = service.workspace.database, service.workspace.settings.service
    with database.read() as connection:
        found = find_account(connection, name)
    right = passwords.is_right(found[1] if found else _nobodys(), password)
    if found is None:
        _log.warning("sign-in of an unknown name")
        return None
    account, kept = found
    if account.locked:
        return None
    if not right:
        locks = timedelta(seconds=settings.lock_seconds)
        with database.write() as connection:
            counted = note_failure(connection, account.account_id, settings.sign_in_failures, locks)
            _record(connection, counted, "person.locked" if counted.locked else "person.sign-in-failed")
        return None
    anew = passwords.hashed(password) if passwords.is_outdated(kept) else ""
    with database.write() as connection:
        forget_failures(connection, account.account_id)
        if anew:
            keep_password(connection, account.account_id, anew)
    return account


def _record(connection: Connection, account: Account, action: str) -> None:
    record_act(
        connection, account.owner_id, actor=f"person:{account.name}", action=action, target=account.name,
        request_id=request_id.get(),
    )  # fmt: skip


@cache
def _nobodys() -> str:
    """The hash that an unknown name is held against, so that it takes as long as a known one."""
    return passwords.hashed(passwords.made_up())
