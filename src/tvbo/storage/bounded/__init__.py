"""
Files of strangers in containers other than ours, one module for each: bounded, and decoded without trust.

What a file says of its own size is compared with what is there before memory is taken for it. Nothing is extracted,
unpickled, looked up elsewhere or run; whatever a library raises on the way is said as an error of tvbo.
"""

from tvbo.storage.bounded.archive import bunzip2, gunzip, zip_members
from tvbo.storage.bounded.arrays import npy, npz
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.bounded.matlab import mat
from tvbo.storage.bounded.numeric import column, numbers, words
from tvbo.storage.bounded.text import check_xml_text, table, xml
from tvbo.storage.files import read_bytes

__all__ = [
    "bunzip2",
    "check_xml_text",
    "column",
    "decoding",
    "gunzip",
    "mat",
    "npy",
    "npz",
    "numbers",
    "read_bytes",
    "table",
    "words",
    "xml",
    "zip_members",
]
