"""The upload thread with what lies beyond U1 … U5: requests for holdings, and ranks that die and return."""

from emulator.protocol.messages import AnyMessage, Holdings, HoldingsRequest, Lost, Returned
from emulator.protocol.upload import Uploader


class ExtendedUploader(Uploader):
    """An `Uploader` that answers what strategies ask beyond D4 to D6, and closes the connections of the dead."""

    def _handle_beyond(self, source: int, message: AnyMessage) -> None:
        match message:
            case HoldingsRequest(file, request):
                self._node.step = "U2"
                self._node.download.send(Holdings(file, self._library.present_bits(file), request), source)
            case Lost():
                self._node.step = "U4"
                self._forget(source)
            case Returned():
                pass
            case _:
                super()._handle_beyond(source, message)
