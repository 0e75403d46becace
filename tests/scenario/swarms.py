"""What Hypothesis draws for the tests of scenarios: inputs as the format can hold them."""

from hypothesis import strategies as st

from emulator.protocol.files import HASH_DIGITS, ClientInput, FileMetadata

names = (
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=40)
    .filter(str.isprintable)
    .filter(lambda name: name not in (".", ".."))
)
"""File names as the format allows them: printable, without blanks, in any script."""

hashes = st.text("0123456789abcdefABCDEF", min_size=HASH_DIGITS, max_size=HASH_DIGITS)


@st.composite
def client_inputs(draw: st.DrawFn) -> ClientInput:
    """Any content that one input file can have."""
    owned = draw(st.lists(names, unique=True, max_size=4))
    wanted = draw(st.lists(names, unique=True, max_size=4))
    files = (FileMetadata(name, "".join(draw(st.lists(hashes, max_size=5)))) for name in owned)
    return ClientInput(tuple(files), tuple(wanted))
