"""Square patches of images, laid out so that a convolution is one matrix product."""

from typing import Any


def positions(size: int, stride: int) -> int:
    """Positions of the kernel along a side of so many pixels."""
    return -(-size // stride)


def padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after a side of so many pixels: as few as the last position needs, the odd one behind."""
    missing = max(0, (positions(size, stride) - 1) * stride + kernel - size)
    return missing // 2, missing - missing // 2


def patches(images: Any, kernel: int, stride: int, module: Any) -> Any:
    """Patches (..., places, kernel² channels) of images (..., size, size, channels), places row-major.

    A patch holds the rows, columns and channels under the kernel, row-major. It is put together from one strided slice
    for each offset inside the kernel: no index arrays, and the derivative of a slice is cheaper than that of a gather.
    """
    *leading, size, _, channels = images.shape
    count, around = positions(size, stride), padding(size, kernel, stride)
    if any(around):
        images = module.pad(images, [*[(0, 0)] * len(leading), around, around, (0, 0)])
    spans = [slice(offset, offset + stride * (count - 1) + 1, stride) for offset in range(kernel)]
    parts = [images[..., rows, columns, :] for rows in spans for columns in spans]
    return module.concatenate(parts, axis=-1).reshape(*leading, count**2, kernel**2 * channels)
