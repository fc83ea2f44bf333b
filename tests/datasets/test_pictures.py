"""Pictures of any kind become the same bytes; what is not a picture is refused with a message."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mnist_lab.datasets import digits
from mnist_lab.datasets.pictures import FORMATS, grey, read
from mnist_lab.errors import DataError

DRAWING = np.kron(digits.load().arrays["x_test"][3, ..., 0], np.ones((3, 4), np.uint8))
WHITE = np.full_like(DRAWING, 255)


def saved(path, image, **options):
    image.save(path, **options)
    return read(path)


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("grey.png", Image.fromarray(DRAWING)),
        ("rgb.png", Image.fromarray(DRAWING).convert("RGB")),
        ("palette.gif", Image.fromarray(DRAWING).convert("P")),
        ("alpha.png", Image.merge("LA", [Image.fromarray(DRAWING), Image.fromarray(WHITE)])),
        ("white_ink.png", Image.merge("LA", [Image.fromarray(WHITE), Image.fromarray(DRAWING)])),
        ("sixteen.png", Image.fromarray(DRAWING.astype(np.uint16) * 257)),
        ("sixteen.tiff", Image.fromarray(DRAWING.astype(np.int32) * 257)),
        ("float.tiff", Image.fromarray(DRAWING.astype(np.float32) / 255)),
        ("grey.bmp", Image.fromarray(DRAWING)),
        ("grey.webp", Image.fromarray(DRAWING)),
    ],
)
def test_however_a_grey_picture_is_stored_it_is_the_same_bytes(name, image, tmp_path):
    options = {"lossless": True} if name.endswith("webp") else {}
    assert (saved(tmp_path / name, image, **options)[..., 0] == DRAWING).all()


def test_black_ink_on_transparency_is_dark_on_light(tmp_path):
    black = Image.merge("LA", [Image.fromarray(0 * WHITE), Image.fromarray(DRAWING)])
    assert (saved(tmp_path / "black_ink.png", black)[..., 0] == 255 - DRAWING).all()


def test_black_and_white_is_0_and_255(tmp_path):
    pixels = saved(tmp_path / "bits.png", Image.fromarray(DRAWING > 99))
    assert (pixels[..., 0] == np.where(DRAWING > 99, 255, 0)).all()


def test_colours_stay_colours(tmp_path):
    colours = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert (saved(tmp_path / "colours.png", Image.fromarray(colours)) == colours).all()
    assert grey(colours).shape == (9, 7, 1)


def test_a_photo_is_turned_as_the_camera_noted(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    turned = saved(tmp_path / "photo.jpg", Image.fromarray(DRAWING), exif=exif, quality=95)
    expected = np.asarray(Image.fromarray(DRAWING).transpose(Image.Transpose.ROTATE_270))
    assert turned.shape[:2] == expected.shape
    assert np.abs(turned[..., 0].astype(int) - expected).mean() < 5


@pytest.mark.parametrize(
    "array",
    [DRAWING, DRAWING[..., None], DRAWING / 255, DRAWING.astype(np.int64), DRAWING * np.uint16(257),
     np.stack([DRAWING] * 3, axis=-1)],
    ids=["grey", "one channel", "fractions", "integers", "16 bits", "three equal channels"],
)  # fmt: skip
def test_an_array_may_hold_its_numbers_in_any_usual_range(array, tmp_path):
    np.save(tmp_path / "image.npy", array)
    assert (read(tmp_path / "image.npy")[..., 0] == DRAWING).all()


def test_a_large_jpeg_is_decoded_smaller(tmp_path):
    large = ImageOps.pad(Image.fromarray(255 - DRAWING), (7000, 7000), color=255)
    assert max(saved(tmp_path / "large.jpg", large).shape) < 5000


class TestRefusals:
    def refusal(self, path):
        with pytest.raises(DataError) as raised:
            read(path)
        assert str(path) in str(raised.value)
        return str(raised.value)

    @pytest.mark.parametrize("name", ["empty.png", "empty.npy"])
    def test_an_empty_file(self, name, tmp_path):
        (tmp_path / name).touch()
        assert "0 bytes" in self.refusal(tmp_path / name)

    def test_a_missing_file_and_a_folder(self, tmp_path):
        assert "no such file" in self.refusal(tmp_path / "nothing.png")
        assert "is a folder" in self.refusal(tmp_path)

    @pytest.mark.parametrize("name", ["text.png", "text.jpg", "drawing.eps"])
    def test_what_is_not_a_picture_or_would_run_a_program(self, name, tmp_path):
        (tmp_path / name).write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
        assert "not an image in a supported format" in self.refusal(tmp_path / name)

    @pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.gif", "cut.tiff"])
    def test_a_file_that_ends_too_early(self, name, tmp_path):
        Image.effect_noise((200, 200), 50).save(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        for share in (0.2, 0.6):
            (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
            self.refusal(tmp_path / name)

    @pytest.mark.parametrize("kind", ["DDS", "PCX", "TGA"])
    def test_a_format_whose_reader_is_little_tested(self, kind, tmp_path):
        Image.new("RGB", (16, 16)).save(tmp_path / "picture.png", kind)
        assert f"supported format ({FORMATS[0]}, " in self.refusal(tmp_path / "picture.png")

    @pytest.mark.parametrize("size", [(20_000, 20_000), (20_000, 3_000)])
    def test_a_picture_that_would_take_gigabytes(self, size, tmp_path):
        Image.new("1", size).save(tmp_path / "huge.png")
        assert "Crop it" in self.refusal(tmp_path / "huge.png")

    def test_a_pickle(self, tmp_path):
        np.save(tmp_path / "objects.npy", np.array([print], dtype=object), allow_pickle=True)
        assert "pickle" in self.refusal(tmp_path / "objects.npy")

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (np.zeros((5, 28, 28)), "(5, 28, 28)"),
            (np.zeros(28), "(28,)"),
            (np.zeros((0, 28)), "(0, 28, 1)"),
            (np.full((9, 9), -1.0), "-1 to -1"),
            (np.full((9, 9), np.nan), "nan"),
            (np.full((9, 9), 1e6), "1e+06"),
            (np.full((9, 9), "a"), "<U1"),
        ],
        ids=["stack", "row", "nothing", "negative", "nan", "too large", "text"],
    )
    def test_an_array_that_is_not_an_image(self, array, message, tmp_path):
        np.save(tmp_path / "array.npy", array)
        assert message in self.refusal(tmp_path / "array.npy")


def encoded(kind, image, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def array_file(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SMALL = Image.fromarray(DRAWING[:40, :30])
PHOTO = Image.Exif()
PHOTO[0x0112] = 6
WHOLE = {
    "grey.png": encoded("PNG", SMALL),
    "palette.png": encoded("PNG", SMALL.convert("P"), transparency=3, exif=PHOTO),
    "sixteen.png": encoded("PNG", SMALL.convert("I;16")),
    "grey.jpg": encoded("JPEG", SMALL, exif=PHOTO),
    "progressive.jpg": encoded("JPEG", SMALL.convert("RGB"), progressive=True),
    "two.gif": encoded("GIF", SMALL.convert("P"), save_all=True, append_images=[SMALL.convert("P").rotate(90)]),
    "grey.bmp": encoded("BMP", SMALL),
    "bits.bmp": encoded("BMP", SMALL.convert("1")),
    "plain.tiff": encoded("TIFF", SMALL),
    "lzw.tiff": encoded("TIFF", SMALL.convert("RGB"), compression="tiff_lzw"),
    "deflate.tiff": encoded("TIFF", SMALL.convert("F"), compression="tiff_adobe_deflate"),
    "lossy.webp": encoded("WEBP", SMALL, exif=PHOTO),
    "lossless.webp": encoded("WEBP", SMALL.convert("RGBA"), lossless=True),
    "grey.ppm": encoded("PPM", SMALL),
    "text.ppm": b"P2\n3 2\n255\n0 1 2\n3 4 255\n",
    "array.npy": array_file(DRAWING),
}


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_whatever_happened_to_a_file_it_is_a_picture_or_refused_with_a_message(tmp_path_factory, name, data):
    whole = WHOLE[name]
    start = data.draw(st.integers(0, len(whole)), label="damaged from")
    end = data.draw(st.integers(start, min(len(whole), start + 8)) | st.just(len(whole)), label="to")
    rest = data.draw(st.binary(max_size=40), label="instead")
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(whole[:start] + rest + whole[end:])
    try:
        pixels = read(path)
    except DataError:
        return
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] in (1, 3)
