"""What every offline picture ends with: a mark in the corner, and a note of its maker in the file."""

from PIL import Image, ImageDraw, ImageFont

from stark_udfs.demo.drawings.pen import finished
from stark_udfs.images.decode import Picture, picture_of

SOFTWARE = "stark offline drawing"
MARK = "offline drawing"


def mark(sheet: Image.Image) -> Image.Image:
    """The finished picture with its small mark at the top right."""
    image = finished(sheet)
    draw = ImageDraw.Draw(image, "RGBA")
    font = ImageFont.load_default(9)
    width = draw.textlength(MARK, font=font)
    left = image.width - width - 10
    draw.rounded_rectangle([(left - 4, 4), (image.width - 5, 17)], radius=5, fill=(255, 255, 255, 110))
    draw.text((left, 5), MARK, font=font, fill=(50, 45, 60, 190))
    return image


def png(image: Image.Image) -> Picture:
    """The picture as a PNG that says what made it."""
    return picture_of(image, "PNG", SOFTWARE)
