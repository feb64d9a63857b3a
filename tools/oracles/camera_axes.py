#!/usr/bin/env python3
"""Records what the camera simulator's axes have to give: src/image/testdata/camera/.

Every axis is computed here a second time, from its definition in src/image/camera/camera.h, by OpenCV (projection, perspective, lens
distortion, convolution), Pillow (resizing, JPEG, YCbCr), SciPy (shifts, Wien's constant) and NumPy (light and noise), in doubles
where they can. Pixels that show the background are magenta and not compared.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 pillow==13.0.0 opencv-python-headless==5.0.0.93
    v/bin/python tools/oracles/camera_axes.py
"""
import io
import json
import pathlib

import cv2
import numpy as np
import scipy.constants
import scipy.ndimage
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parents[2] / "src/image/testdata/camera"
BOX, FOCAL = 120, 2.4
W, H = BOX, BOX // 3 * 4
SCALE = BOX / 480
HOLE = np.array([255, 0, 255], np.uint8)


def subject():
    """240 x 240: gradients, edges and a grid, all of them seen at every place."""
    y, x = np.mgrid[0:240, 0:240]
    picture = np.stack([60 + 150 * x / 239, 40 + 170 * y / 239, 120 + 80 * np.sin(x / 19) * np.cos(y / 23)], 2)
    picture[(x - 80) ** 2 + (y - 150) ** 2 < 45 ** 2] = (210, 60, 50)
    picture[40:100, 130:200] = (30, 160, 90)
    picture[:, ::40] *= 0.5
    return Image.fromarray(np.clip(cv2.GaussianBlur(picture, (0, 0), 1.2), 0, 255).astype(np.uint8))


def to_linear(levels):
    c = np.asarray(levels, float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def to_levels(light, gamma=1.0):
    c = np.clip(light, 0, 1)
    s = np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)
    return np.clip(np.rint(255 * s ** gamma), 0, 255).astype(np.uint8)


def near(side):
    """The sizes that a subject is kept at lie a factor sqrt(2) apart."""
    wanted = 640.0
    while wanted / 2 ** 0.25 > side and wanted > 16:
        wanted /= 2 ** 0.5
    return min(240, int(wanted + 0.5))


def scene(picture, shot, bend=0.0):
    """Linear light (H, W, 3) and the subject's cover (H, W)."""
    n = near(shot.get("fill", 0.95) * BOX)
    small = to_linear(np.array(picture if n == 240 else picture.resize((n, n), Image.BILINEAR))).astype(np.float32)
    turn = np.eye(3)
    for axis, key in enumerate(("pitch_deg", "yaw_deg", "rotation_deg")):
        turn = turn @ cv2.Rodrigues(np.radians(shot.get(key, 0.0)) * np.eye(3)[axis])[0]
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], float) * shot.get("fill", 0.95)
    camera = np.array([[FOCAL * BOX / 2, 0, W / 2 - 0.5], [0, FOCAL * BOX / 2, H / 2 - 0.5], [0, 0, 1]])
    seen = cv2.projectPoints(corners, cv2.Rodrigues(turn)[0], np.array([0, 0, FOCAL]), camera, None)[0].reshape(4, 2)
    seen += BOX * np.array([shot.get("place_x", 0.0), shot.get("place_y", 0.0)])
    own = np.array([[-0.5, -0.5], [n - 0.5, -0.5], [n - 0.5, n - 0.5], [-0.5, n - 0.5]])
    matrix = cv2.getPerspectiveTransform(seen.astype(np.float32), own.astype(np.float32)).astype(float)
    y, x = np.mgrid[0:H, 0:W].astype(float)
    if bend:
        k = np.array([[1.0, 0, W / 2 - 0.5], [0, 1.0, H / 2 - 0.5], [0, 0, 1]])
        maps = cv2.initUndistortRectifyMap(k, np.array([bend * 4 / (W * W + H * H), 0, 0, 0]), np.eye(3), k, (W, H), cv2.CV_32FC1)
        x, y = maps[0].astype(float), maps[1].astype(float)
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    u, v = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w, (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / w
    light = np.stack([scipy.ndimage.map_coordinates(small[..., c].astype(float), [v, u], order=1, mode="nearest") for c in range(3)], 2)
    inside = np.minimum(np.minimum(u, n - 1 - u), np.minimum(v, n - 1 - v))
    return light, inside


def from_centre():
    y, x = np.mgrid[0:H, 0:W].astype(float)
    return x - (W / 2 - 0.5), y - (H / 2 - 0.5)


def wien(mired):
    c2 = scipy.constants.h * scipy.constants.c / scipy.constants.k
    return np.exp(-c2 * 1e-6 * mired * (1 / np.array([610e-9, 545e-9, 465e-9]) - 1 / 545e-9))


def vignetting(stops):
    dx, dy = from_centre()
    tangent_squared = (2 ** (stops / 2) - 1) * (dx ** 2 + dy ** 2) / ((W ** 2 + H ** 2) / 4)
    return np.cos(np.arctan(np.sqrt(tangent_squared))) ** 4


def glare(shot):
    dx, dy = from_centre()
    d2 = ((dx - shot["glare_x"] * BOX / 2) ** 2 + (dy - shot["glare_y"] * BOX / 2) ** 2) / (0.45 * BOX / 2) ** 2
    return shot["glare"] / (1 + d2) ** 2


def bands(shot):
    dx, dy = from_centre()
    angle, period = np.radians(shot["moire_angle_deg"]), shot["moire_period_px"] * SCALE
    turns = (dx * np.cos(angle) + dy * np.sin(angle)) / period
    return 1 + shot["moire"] * np.cos(2 * np.pi * (turns[..., None] + np.array([0, 1 / 3, 2 / 3])))


def disc(diameter):
    reach = int(np.ceil(diameter / 2)) + 1
    fine = (np.arange(-reach * 32, reach * 32 + 32) + 0.5) / 32 - 0.5
    inside = (fine[:, None] ** 2 + fine[None, :] ** 2 <= (diameter / 2) ** 2).astype(float)
    kernel = inside.reshape(2 * reach + 1, 32, 2 * reach + 1, 32).sum((1, 3))
    return kernel / kernel.sum()


def smear(light, length, angle_deg):
    steps = (np.arange(64) + 0.5) / 64 - 0.5
    dx, dy = np.cos(np.radians(angle_deg)) * length, np.sin(np.radians(angle_deg)) * length
    return sum(scipy.ndimage.shift(light, (s * dy, s * dx, 0), order=1, mode="nearest") for s in steps) / 64


def expose(picture, shot):
    light, inside = scene(picture, shot, shot.get("distortion", 0.0))
    margin = 0.02
    if "moire" in shot:
        light = light * bands(shot)
    if "glare" in shot:
        light = light + glare(shot)[..., None]
    if "defocus_px" in shot:
        light = cv2.filter2D(light, -1, disc(shot["defocus_px"] * SCALE), borderType=cv2.BORDER_REPLICATE)
        margin = shot["defocus_px"] * SCALE / 2 + 2
    if "motion_px" in shot:
        light = smear(light, shot["motion_px"] * SCALE, shot["motion_deg"])
        margin = shot["motion_px"] * SCALE / 2 + 2
    light = light * 2.0 ** shot.get("exposure_ev", 0.0) * wien(shot.get("warmth_mired", 0.0))
    light = light * vignetting(shot.get("vignetting_ev", 0.0))[..., None]
    levels = to_levels(light, shot.get("gamma", 1.0))
    if "jpeg_quality" in shot:
        packed = io.BytesIO()
        Image.fromarray(levels).save(packed, "JPEG", quality=shot["jpeg_quality"])
        levels = np.array(Image.open(packed))
    levels[inside < margin] = HOLE
    return levels


def noise_table():
    """Standard deviation in levels of flat greys, by counting electrons."""
    random = np.random.default_rng(1)
    rows = []
    for noise in (0.02, 0.06, 0.16):
        electrons = 1 / noise ** 2
        for grey in (40, 100, 180):
            light = to_linear(grey)
            counted = random.poisson(light * electrons, 400000) / electrons + random.normal(0, 0.1 * noise, 400000)
            levels = to_levels(counted).astype(float)
            rows.append({"noise": noise, "grey": grey, "mean": round(levels.mean(), 3), "deviation": round(levels.std(), 3)})
    return rows


def yuv(picture):
    """Full range YCbCr of Pillow, chroma the mean of four pixels, of the upright picture."""
    ycc = np.array(picture.convert("YCbCr")).astype(float)
    chroma = ycc[..., 1:].reshape(ycc.shape[0] // 2, 2, ycc.shape[1] // 2, 2, 2).mean((1, 3))
    return ycc[..., 0].astype(np.uint8), np.rint(chroma).astype(np.uint8)


def backdrop(shot):
    """A user's background: its middle square over 640 pixels of a frame whose box is 480."""
    y, x = np.mgrid[0:300, 0:400]
    photo = Image.fromarray(np.stack([x * 0.6, y * 0.8, 128 + 100 * np.sin(x / 25)], 2).astype(np.uint8))
    photo.save(OUT / "backdrop" / "photo.png")
    square = to_linear(np.array(photo.crop((50, 0, 350, 300)).resize((512, 512), Image.BILINEAR)))
    side = 640 * SCALE
    dx, dy = from_centre()
    at = [np.clip(d * 512 / side + 256, 0, 511) for d in (dy, dx)]
    light = np.stack([scipy.ndimage.map_coordinates(square[..., c], at, order=1) for c in range(3)], 2)
    levels = to_levels(light)
    levels[scene(subject(), shot)[1] > -1.02] = HOLE
    return levels


SHOTS = {
    "plain": {}, "distance": {"fill": 0.5}, "close": {"fill": 1.25}, "place": {"fill": 0.7, "place_x": 0.12, "place_y": -0.07},
    "tilt": {"pitch_deg": 28, "yaw_deg": -17}, "rotation": {"rotation_deg": 33}, "white-balance": {"warmth_mired": 80},
    "exposure": {"exposure_ev": -1.3}, "overexposure": {"exposure_ev": 1.1}, "gamma": {"gamma": 1.5}, "vignetting": {"vignetting_ev": 1.7},
    "defocus": {"defocus_px": 13}, "motion": {"motion_px": 18, "motion_deg": 35}, "barrel": {"distortion": 0.1},
    "pincushion": {"distortion": -0.1}, "moire": {"moire": 0.3, "moire_angle_deg": 25, "moire_period_px": 48},
    "glare": {"glare": 0.5, "glare_x": 0.3, "glare_y": -0.4}, "jpeg": {"fill": 1.9, "jpeg_quality": 30},
}


def main():
    (OUT / "backdrop").mkdir(parents=True, exist_ok=True)
    picture = subject()
    picture.save(OUT / "subject.png")
    for name, shot in SHOTS.items():
        Image.fromarray(expose(picture, shot)).save(OUT / f"{name}.png")
    Image.fromarray(backdrop({"fill": 0.5})).save(OUT / "background.png")
    luma, chroma = yuv(picture)
    Image.fromarray(luma).save(OUT / "luma.png")
    Image.fromarray(np.dstack([chroma, chroma[..., :1] * 0])).save(OUT / "chroma.png")
    record = {"box_px": BOX, "shots": [{"name": name, "shot": shot} for name, shot in SHOTS.items()], "noise": noise_table()}
    (OUT / "expected.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
