"""Reading QR codes in screenshots."""

import base64
from typing import Any

import zxingcpp
from playwright.async_api import Page

SIDE = 400

# The picture's brightness, a byte a dot; the browser unpacks it.
BRIGHTNESS = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return Array.from({ length: SIDE * SIDE }, (_, dot) => data[dot * 4]);
}""".replace("SIDE", str(SIDE))


async def read_qr_code(page: Page, png: bytes) -> str | None:
    """The text of a QR code in a square picture. It must be dark on light, because some scanners need that."""
    address = "data:image/png;base64," + base64.b64encode(png).decode()
    dots = await page.evaluate(BRIGHTNESS, address)
    image: Any = memoryview(bytes(dots)).cast("B", (SIDE, SIDE))
    barcode = zxingcpp.read_barcode(image, try_invert=False)
    return barcode.text if barcode else None
