"""What the JetStream API answers, as far as it is read."""

import msgspec


class ApiError(msgspec.Struct):
    """What went wrong; JetStream says it in the body of an answer, not as a status."""

    code: int
    err_code: int = 0
    description: str = ""


class Answer(msgspec.Struct):
    """Any answer; an error stands in the body."""

    error: ApiError | None = None

    def reason(self) -> str:
        """The error in words."""
        return "no answer" if self.error is None else self.error.description


class Message(msgspec.Struct):
    """A stored message; `data` travels as base64."""

    subject: str
    seq: int
    data: bytes = b""


class MessageAnswer(Answer):
    """Of STREAM.MSG.GET."""

    message: Message | None = None


class AppendAnswer(Answer):
    """Of a publish; also when the server had this very message before."""

    seq: int = 0


class StreamState(msgspec.Struct):
    """How far a stream reaches."""

    last_seq: int


class StreamAnswer(Answer):
    """Of STREAM.INFO."""

    state: StreamState | None = None
