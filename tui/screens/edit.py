"""The form in which a delivery is changed before it is sent once more."""

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Select, Static, TextArea

from inspector.client.replaying import Order
from inspector.core import drafts
from inspector.core.drafts import Draft
from inspector.core.edits import Edit
from inspector.core.forwarding import check_target, normalise_target
from inspector.core.model import Request, Sign
from inspector.core.text import decode, encode_any, safe, safe_lines, shorten
from inspector.errors import HooktapError
from tui import editor, labels

_DEFAULT_SIGN = "as usual"
_SHOWN = 2000
"""Characters of what is shown of a field that the form cannot hold."""


class EditScreen(ModalScreen[Order | None]):
    """Answers with what to send, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "Send", priority=True, id="edit.send"),
        Binding("ctrl+e", "editor", "Open in $EDITOR", priority=True, id="edit.editor"),
        Binding("ctrl+o", "original", "As it arrived", priority=True, id="edit.original"),
        Binding("escape", "close", "Close", priority=True, id="edit.close"),
    ]

    def __init__(
        self,
        delivery_id: int,
        request: Request,
        directory: Path,
        *,
        edit: Edit | None = None,
        target: str | None = None,
        unsent: Order | None = None,
    ) -> None:
        """Edit a delivery's request, from an earlier `edit` on; `target` is where it goes if nothing else is said.

        `directory` is where an editor's file may lie. With `unsent` the form holds what could not be sent so.
        """
        super().__init__()
        self._delivery_id = delivery_id
        self._request = request
        self._directory = directory
        self._target = target
        self._is_again = edit is not None and bool(edit.parts)
        self._draft = Draft.of(request, edit)
        self._kept = (Draft.of(request), self._draft)
        """What can be had again, and so may be thrown away."""
        self._unsent = unsent
        self._shown: dict[str, str] = {}
        self._unread: bytes | None = None
        """What came back from the editor and could not be read: it is opened again."""
        self._asked_about: object = None
        """What the form held when `escape` was pressed; None: that is not what it has said last."""

    def compose(self) -> ComposeResult:
        """Make the fields."""
        again = ", as it was edited last" if self._is_again else ""
        again = again if self._unsent is None else ", which was not sent"
        placeholder = safe(self._target) if self._target else "where to: a URL or a port"
        with Vertical(classes="dialog"):
            yield Static(
                f"Edit and replay #{self._delivery_id}{again}", classes="dialog-title", markup=False
            )
            with Horizontal(classes="edit-line"):
                yield Input(id="method", compact=True)
                yield Input(
                    id="path", compact=True, placeholder="path and query after the target's"
                )
            with Horizontal(classes="edit-line"):
                yield Select(
                    [(f"sign {sign}", sign) for sign in Sign],
                    prompt=f"sign {_DEFAULT_SIGN}",
                    id="sign",
                    compact=True,
                )
                yield Input(id="to", compact=True, placeholder=placeholder)
            yield TextArea(id="headers", compact=True)
            yield TextArea(id="body", compact=True)
            yield Static(id="edit-note", markup=False)
            yield Static(id="edit-problem", markup=False)
            yield Static(
                "ctrl+s sends   ctrl+e $EDITOR   ctrl+o as it arrived   escape closes",
                classes="dialog-hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Fill the form."""
        self._load(self._draft)
        if self._unsent is not None:
            self._resume(self._unsent)
        self.query_one("#body" if not self._body.disabled else "#path").focus()

    @property
    def _body(self) -> TextArea:
        return self.query_one("#body", TextArea)

    @property
    def _to(self) -> str:
        return self.query_one("#to", Input).value.strip()

    @property
    def _sign(self) -> Sign | None:
        sign = self.query_one("#sign", Select).value
        return sign if isinstance(sign, Sign) else None

    def _resume(self, order: Order) -> None:
        """Fill the form as it was when this was sent off in vain."""
        self._load(Draft.of(self._request, order.edit if isinstance(order.edit, Edit) else None))
        self.query_one("#to", Input).value = order.to or ""
        if order.sign is not None:
            self.query_one("#sign", Select).value = order.sign

    def _load(self, draft: Draft) -> None:
        self._draft = draft
        self._shown.clear()
        self._fill("method", draft.method.encode("utf-8", "surrogateescape"))
        self._fill("path", draft.target)
        lines = drafts.header_lines(draft.headers)
        is_readable = not any(b"\n" in line for line in lines)
        self._fill("headers", b"\n".join(lines), is_readable=is_readable)
        is_short = len(draft.body) <= drafts.FORM_BODY_MAX_BYTES
        self._fill("body", draft.body if is_short else b"", is_readable=is_short)
        self._say_what_is_left_out()

    def _fill(self, name: str, raw: bytes, *, is_readable: bool = True) -> None:
        field = self.query_one(f"#{name}")
        text = drafts.plain_text(raw) if is_readable else None
        if isinstance(field, Input) and text is not None and ("\n" in text or "\t" in text):
            text = None
        field.disabled = text is None
        shown = shorten(safe_lines(raw[:_SHOWN]), _SHOWN) if text is None else text
        if isinstance(field, Input):
            field.value = shown.replace("\n", "␊")
            self._shown[name] = field.value
        elif isinstance(field, TextArea):
            field.load_text(shown)
            self._shown[name] = field.text

    def _say_what_is_left_out(self) -> None:
        notes = []
        if self._body.disabled:
            size = labels.size(len(self._draft.body))
            notes.append(f"the body ({size}) is not text that can be edited here: ctrl+e opens it")
        if any(self.query_one(f"#{name}").disabled for name in ("method", "path", "headers")):
            notes.append("what holds control characters is edited with ctrl+e")
        self.query_one("#edit-note", Static).update("\n".join(notes))

    def _gathered(self) -> Draft:
        """Return what the form says. Raises HooktapError."""
        method, path = (self._text(name) for name in ("method", "path"))
        headers, body = (self._text(name) for name in ("headers", "body"))
        try:
            return Draft(
                self._draft.method if method is None else decode(method),
                self._draft.target if path is None else path,
                self._draft.headers if headers is None else drafts.read_headers(headers),
                self._draft.body if body is None else body,
            )
        except ValueError as error:
            raise HooktapError(f"headers, {error}") from None

    def _text(self, name: str) -> bytes | None:
        """Return what a person wrote into a field; None: it is as it was."""
        field = self.query_one(f"#{name}")
        assert isinstance(field, Input | TextArea)
        text = field.value if isinstance(field, Input) else field.text
        return None if text == self._shown[name] else encode_any(text)

    def _order(self) -> Order:
        to = normalise_target(self._to) if self._to else None
        if to is not None and (complaint := check_target(to)):
            raise HooktapError(complaint)
        edit = self._gathered().edit(self._request)
        if to is None and self._target is None:
            self.query_one("#to").focus()
            raise HooktapError("the endpoint has no target: say where to send it, a URL or a port")
        return Order(to, self._sign, edit)

    def action_send(self) -> None:
        """Answer with what the form says, if it can be sent so."""
        try:
            self.dismiss(self._order())
        except HooktapError as error:
            self._complain(str(error))

    def action_original(self) -> None:
        """Begin anew with what arrived."""
        self._unread = None
        self._load(Draft.of(self._request))
        self._complain("")

    def action_close(self) -> None:
        """Answer with nothing; what was written is not thrown away at the first press."""
        if self._is_changed and self._asked_about != self._contents:
            self._complain("escape again throws the changes away")
            self._asked_about = self._contents
        else:
            self.dismiss(None)

    @property
    def _contents(self) -> object:
        written = [self._text(name) for name in self._shown]
        return self._draft, written, self._to, self._sign

    @property
    def _is_changed(self) -> bool:
        is_written = any(self._text(name) is not None for name in self._shown)
        is_loaded = self._draft not in self._kept
        return is_written or is_loaded or bool(self._to) or self._sign is not None

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    def _ask_anew(self) -> None:
        """Throw away at a second press only what was there at the first."""
        if self._asked_about not in (None, self._contents):
            self._complain("")

    @work(exclusive=True, exit_on_error=False)
    async def action_editor(self) -> None:
        """Open the whole request in the person's editor."""
        try:
            before = self._gathered()
            text = drafts.write(before) if self._unread is None else self._unread
            written = await editor.edit(self.app, text, self._directory)
        except HooktapError as error:
            self._complain(str(error))
            return
        try:
            draft = drafts.read(written, before)
        except ValueError as error:
            self._unread = written
            self._complain(f"{error} (ctrl+e opens it again)")
            return
        self._unread = None
        self._load(draft)
        self._complain("")

    def _complain(self, sentence: str) -> None:
        self._asked_about = None
        self.query_one("#edit-problem", Static).update(safe_lines(sentence))
