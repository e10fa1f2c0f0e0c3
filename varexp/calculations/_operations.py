"""Image operations of scikit-image, SciPy and Pillow on grey images with values in [0, 1]; what is known of them."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varexp.maps.interpolation import KERNELS, resize_matrix

Array = NDArray[np.float64]
NORMS = ("rms", "max")
PHOTOGRAPHS = ("camera", "coins", "astronaut", "chelsea", "coffee", "moon", "page", "text")


@dataclass(frozen=True)
class Operation:
    """An image operation: how a reader calls it, what it does, and what a theorem says of its Lipschitz constant."""

    name: str
    call: str
    apply: Callable[[Array], Any]
    because: str
    linear: bool = False
    bounded: bool = False  # a theorem says that it has a constant
    unbounded: bool = False  # a theorem says that it has none
    upper: Mapping[str, float] = field(default_factory=dict)  # what the constant is at most, by norm

    def __call__(self, image: Array) -> Array:
        """The image that it makes, in float64."""
        return np.asarray(self.apply(image), dtype=np.float64)


def photographs(names: Sequence[str], side: int) -> list[Array]:
    """The middle squares of photographs of scikit-image as grey images (side, side) with values in [0, 1].

    Raises:
        ModuleNotFoundError: scikit-image is not installed.
        ValueError: there is no such photograph.
    """
    images = []
    for name in names:
        if name not in PHOTOGRAPHS:
            raise ValueError(f"image = {name!r} is no photograph of this table: choose from {', '.join(PHOTOGRAPHS)}")
        image = getattr(_skimage("data"), name)() / 255
        grey = _skimage("color").rgb2gray(image) if image.ndim == 3 else image
        least = min(grey.shape)
        top, left = ((length - least) // 2 for length in grey.shape)
        square = grey[top : top + least, left : left + least]
        images.append(np.clip(_skimage("transform").resize(square, (side, side), anti_aliasing=True), 0, 1))
    return images


def _skimage(module: str) -> Any:
    try:
        return import_module(f"skimage.{module}")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("this table needs scikit-image: pip install 'varexp[images]'") from error


def operations(style: Array) -> list[Operation]:
    """All operations of the table; `style` is the image whose histogram and moments are taken over."""
    return [*_linear(), *_doubling(), *_filters(), *_tones(), *_styles(style), *_codes()]


def _linear_operation(name: str, call: str, apply: Callable[[Array], Any]) -> Operation:
    return Operation(name, call, apply, "linear: the norm of its matrix", linear=True)


def _linear() -> list[Operation]:
    from scipy import ndimage

    filters, transform = _skimage("filters"), _skimage("transform")

    def halved(x: Array) -> Any:
        return transform.resize(x, tuple(length // 2 for length in x.shape), mode="edge", anti_aliasing=True)

    def splined(x: Array) -> Any:
        return transform.resize(x, tuple(2 * length for length in x.shape), order=3, mode="edge", clip=False)

    of = _linear_operation
    return [
        of("Gaussian blur", "skimage.filters.gaussian(x, 1)", lambda x: filters.gaussian(x, 1)),
        of("mean of 3x3", "scipy.ndimage.uniform_filter(x, 3)", lambda x: ndimage.uniform_filter(x, 3)),
        of("vertical Sobel", "skimage.filters.sobel_v(x)", filters.sobel_v),
        of("sharpening", "2x - skimage.filters.gaussian(x, 1)", lambda x: 2 * x - filters.gaussian(x, 1)),
        of("halving", "skimage.transform.resize(x, shape/2, anti_aliasing=True)", halved),
        of("doubling (cubic spline)", "skimage.transform.resize(x, 2 shape, order=3)", splined),
    ]


def _doubling() -> list[Operation]:
    """The suite's interpolation layers, used for super-resolution by 2."""

    def by(kernel: str) -> Callable[[Array], Any]:
        def doubled(x: Array) -> Any:
            matrix = resize_matrix(kernel, len(x), 2 * len(x)).numpy()
            return matrix @ x @ matrix.T

        return doubled

    return [_linear_operation(f"doubling ({name})", f"varexp kernel {name}", by(name)) for name in KERNELS]


def _filters() -> list[Operation]:
    from scipy import ndimage

    restoration = _skimage("restoration")
    return [
        *(
            Operation(
                name,
                f"scipy.ndimage.{filtered.__name__}(x, 3, mode='constant')",
                partial(filtered, size=3, mode="constant"),
                "an order statistic is 1-Lipschitz in max norm; in rms every pixel enters 9 windows",
                upper={"max": 1.0, "rms": 3.0},
            )
            for name, filtered in {
                "median of 3x3": ndimage.median_filter,
                "dilation by 3x3": ndimage.maximum_filter,
            }.items()
        ),
        Operation(
            "total variation",
            "skimage.restoration.denoise_tv_chambolle(x, 0.1, eps=0, max_num_iter=200)",
            lambda x: restoration.denoise_tv_chambolle(x, 0.1, eps=0, max_num_iter=200),
            "a composition of Lipschitz steps; their limit, a proximal map, has constant 1 in rms",
            bounded=True,
        ),
        Operation(
            "bilateral filter",
            "skimage.restoration.denoise_bilateral(x, 5, 0.1, 1)",
            lambda x: restoration.denoise_bilateral(x, 5, 0.1, 1),
            "scikit-image reads the weights from a table, which has steps; with exact weights it is smooth",
        ),
        Operation(
            "non-local means",
            "skimage.restoration.denoise_nl_means(x, 3, 5, 0.1, fast_mode=False)",
            lambda x: restoration.denoise_nl_means(x, 3, 5, 0.1, fast_mode=False),
            "scikit-image leaves out patches beyond a distance, which makes steps; with all it is smooth",
        ),
    ]


def _tones() -> list[Operation]:
    exposure = _skimage("exposure")
    return [
        Operation(
            "gamma 2", "x ** 2", lambda x: x**2, "derivative at most 2 on [0, 1]", upper=dict.fromkeys(NORMS, 2.0)
        ),
        Operation("gamma 1/2", "x ** 0.5", lambda x: x**0.5, "derivative unbounded at black", unbounded=True),
        Operation(
            "sigmoid contrast",
            "skimage.exposure.adjust_sigmoid(x, gain=10)",
            lambda x: exposure.adjust_sigmoid(x, gain=10),
            "the logistic function's derivative is at most gain/4",
            upper=dict.fromkeys(NORMS, 2.5),
        ),
        Operation(
            "stretching",
            "skimage.exposure.rescale_intensity(x, out_range=(0, 1))",
            lambda x: exposure.rescale_intensity(x, out_range=(0, 1)),
            "divides by the range of the image, which comes as close to 0 as one likes",
            unbounded=True,
        ),
        Operation(
            "histogram equalisation",
            "skimage.exposure.equalize_hist(x)",
            exposure.equalize_hist,
            "counts pixels by bins, from which a pixel can step",
        ),
    ]


def _styles(style: Array) -> list[Operation]:
    exposure = _skimage("exposure")

    def moments(x: Array) -> Any:
        deviation = x.std()
        return (x - x.mean()) / deviation * style.std() + style.mean() if deviation > 0 else 0 * x + style.mean()

    return [
        Operation(
            "style by moments",
            "(x - x.mean()) / x.std() * style.std() + style.mean()",
            moments,
            "divides by the standard deviation, as layer norm without an epsilon does (C.9)",
            unbounded=True,
        ),
        Operation(
            "histogram matching",
            "skimage.exposure.match_histograms(x, style)",
            lambda x: exposure.match_histograms(x, style),
            "equal grey values stay together, different ones do not",
        ),
    ]


def _codes() -> list[Operation]:
    from PIL import Image

    feature, filters = _skimage("feature"), _skimage("filters")

    def jpeg(x: Array) -> Any:
        file = io.BytesIO()
        Image.fromarray(np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)).save(file, "JPEG", quality=75)
        return np.asarray(Image.open(file), dtype=np.float64) / 255

    return [
        Operation("8 bits", "numpy.rint(255 * x) / 255", lambda x: np.rint(255 * x) / 255, "answers one of 256 values"),
        Operation("JPEG", "PIL.Image.save(file, 'JPEG', quality=75)", jpeg, "rounds cosine coefficients"),
        Operation(
            "Otsu's threshold",
            "x > skimage.filters.threshold_otsu(x)",
            lambda x: x > filters.threshold_otsu(x),
            "answers 0 or 1",
        ),
        Operation("Canny edges", "skimage.feature.canny(x)", feature.canny, "answers 0 or 1"),
    ]
