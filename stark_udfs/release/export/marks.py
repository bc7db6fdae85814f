"""The mark in a picture file that says it is synthetic: an XMP packet with IPTC's digital source type.

It is inserted beside the pixels: no pixel is coded anew, equal files give equal files, and `unmarked` gives back the
very bytes, whose SHA-256 the tables have. Sources: IPTC NewsCodes "digitalsourcetype"; PNG 1.2 (iTXt) with the keyword
of XMP part 3; JPEG APP1 as of XMP part 3.
"""

import struct
import zlib

SCHEME = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MODEL = "trainedAlgorithmicMedia"  # by a trained model
DRAWING = "algorithmicMedia"  # by a program, without any sampled training data: the drawings of the offline backend
GENERATED_MODULES = ("p-t2i", "t2i")
PNG = b"\x89PNG\r\n\x1a\n"
PNG_HEAD = len(PNG) + 25  # signature and IHDR, which has to come first
XMP_KEYWORD = b"XML:com.adobe.xmp"
JPEG = b"\xff\xd8"
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\x00"
OURS = "stark-export"


def source_type(module: str, provider: str) -> str | None:
    """The digital source type of a picture; None: it was found, and what it is nobody knows.

    Args:
        module: that of `images`, or `face`.
        provider: offline for drawings.
    """
    if provider == "offline":
        return DRAWING
    return MODEL if module in (*GENERATED_MODULES, "face") else None


def marked(data: bytes, kind: str) -> bytes:
    """A PNG or JPEG with the mark; any other file as it is.

    Args:
        data: the file.
        kind: a digital source type.
    """
    packet = _packet(kind)
    if data.startswith(PNG):
        chunk = _png_chunk(b"iTXt", XMP_KEYWORD + b"\x00\x00\x00\x00\x00" + packet)
        return data[:PNG_HEAD] + chunk + data[PNG_HEAD:]
    if data.startswith(JPEG):
        at = _after_app0(data)
        body = XMP_HEAD + packet
        return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:]
    return data


def unmarked(data: bytes) -> bytes:
    """The file as it was before `marked`; one without our mark as it is."""
    for kind in (MODEL, DRAWING):
        packet = _packet(kind)
        chunk = _png_chunk(b"iTXt", XMP_KEYWORD + b"\x00\x00\x00\x00\x00" + packet)
        if data.startswith(PNG) and data[PNG_HEAD : PNG_HEAD + len(chunk)] == chunk:
            return data[:PNG_HEAD] + data[PNG_HEAD + len(chunk) :]
        body = XMP_HEAD + packet
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        if data.startswith(JPEG) and (at := _after_app0(data)) and data[at : at + len(segment)] == segment:
            return data[:at] + data[at + len(segment) :]
    return data


def _packet(kind: str) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{OURS}">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{SCHEME}{kind}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _after_app0(data: bytes) -> int:
    """Behind JFIF's segment, which has to come first where there is one."""
    if data[2:4] != b"\xff\xe0":
        return 2
    return int(4 + struct.unpack(">H", data[4:6])[0])
