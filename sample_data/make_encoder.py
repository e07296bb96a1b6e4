"""Make `encoder.safetensors`: a small encoder that knows what drawn dermoscopy looks like and has seen no data set.

    python sample_data/make_encoder.py [--steps 2200] [--out sample_data/encoder.safetensors]

It is fitted on cases drawn from seeds that `napari-unlearn sample` never uses, to tell at every pixel what is drawn
there (lesion, each kind of artefact) and how strongly the lesion shows each dermoscopic sign. Artefacts are independent
of the diagnosis in these cases, and the diagnosis itself is never a target. The weights therefore play the part that
weights fitted on a large public collection play for real images.

The file that is shipped was made with generator 2. Running this script again gives weights as good, not the same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_unlearn.data.artefacts import ARTEFACT_NAMES
from napari_unlearn.data.synthetic import CaseSpec, render_case
from napari_unlearn.models.encoder import IMAGENET_MEAN, IMAGENET_STD, Encoder, EncoderCard

ARCHITECTURE = "tu-regnetx_002"
# `napari-unlearn sample` derives its cases from one integer; these come from a list of two, so the streams never meet.
SEEDS = (20261121, 7)
SIZES = {128: (4000, 16), 256: (800, 4)}  # side in pixels: cases, batch
TRAINED_ON = (
    "synthetic dermoscopy drawn for this purpose (sample_data/make_encoder.py): lesion, artefacts and dermoscopic "
    "signs, no diagnosis, and no case or mask of any data set"
)


class Teacher(nn.Module):
    """The encoder with a linear read-out on all levels: lesion, artefacts and signs at every pixel."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.backbone = smp.encoders.get_encoder(ARCHITECTURE, weights=None)
        self.reads = nn.ModuleList(nn.Conv2d(channels, outputs, 1) for channels in self.backbone.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Read-outs of every pixel: (N, outputs, H, W) for images (N, 3, H, W)."""
        levels = self.backbone(x)
        return sum(
            functional.interpolate(read(level), size=x.shape[-2:], mode="bilinear", align_corners=False)
            for read, level in zip(self.reads, levels, strict=True)
        )


def draw(size: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw cases: images (N, 3, H, W) uint8, maps (N, 1 + artefacts, H, W) bool, signs (N, signs) float32."""
    images, maps, signs = [], [], []
    for i in range(count):
        rng = np.random.default_rng([*SEEDS, size, i])
        spec = CaseSpec.draw(rng, malignant=bool(rng.integers(2)), biased=bool(rng.integers(2)))
        image, fine, flags = render_case(spec, size)
        images.append(image.transpose(2, 0, 1))
        maps.append(np.stack([fine > 0, *((flags & flag) > 0 for flag in ARTEFACT_NAMES)]))
        signs.append(dataclasses.astuple(spec.lesion.cues))
    return (
        torch.from_numpy(np.stack(images)),
        torch.from_numpy(np.stack(maps)),
        torch.tensor(signs, dtype=torch.float32),
    )


def batches(cases: tuple[Tensor, Tensor, Tensor], count: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, ...]]:
    """Yield shuffled batches without end, each flipped and turned at random."""
    while True:
        order = rng.permutation(len(cases[0]))
        for start in range(0, len(order) - count + 1, count):
            images, maps, signs = (part[order[start : start + count]] for part in cases)
            turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
            images, maps = (torch.rot90(part, turns, (2, 3)) for part in (images, maps))
            if mirrored:
                images, maps = images.flip(3), maps.flip(3)
            yield images, maps, signs


def loss_of(read: Tensor, maps: Tensor, signs: Tensor) -> tuple[Tensor, Tensor]:
    """Loss of the maps (cross-entropy and soft Dice) and of the signs (squared error inside the lesion)."""
    drawn, shown = read[:, : maps.shape[1]], read[:, maps.shape[1] :]
    target = maps.float()
    entropy = functional.binary_cross_entropy_with_logits(drawn, target)
    probability = drawn.sigmoid()
    overlap = (2 * (probability * target).sum((0, 2, 3)) + 1) / ((probability + target).sum((0, 2, 3)) + 1)
    inside = target[:, :1]
    error = ((shown - signs[:, :, None, None]).square() * inside).sum() / (inside.sum() * signs.shape[1])
    return 4 * entropy + (1 - overlap).mean(), error


def main() -> None:
    """Draw, fit, recompute the normalisation statistics, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2200)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "encoder.safetensors")
    arguments = parser.parse_args()
    torch.manual_seed(SEEDS[0])
    rng = np.random.default_rng(SEEDS)
    streams = {size: batches(draw(size, cases), batch, rng) for size, (cases, batch) in SIZES.items()}
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    signs = len(dataclasses.fields(CaseSpec.draw(np.random.default_rng(0), malignant=False).lesion.cues))
    teacher = Teacher(1 + len(ARTEFACT_NAMES) + signs).to(memory_format=torch.channels_last)
    adam = torch.optim.AdamW(teacher.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 3e-3, total_steps=arguments.steps)

    def images_of(size: int) -> tuple[Tensor, Tensor, Tensor]:
        images, maps, targets = next(streams[size])
        x = (images.float() / 255 - mean) / std
        return x.contiguous(memory_format=torch.channels_last), maps, targets

    for step in range(arguments.steps):
        x, maps, targets = images_of(256 if step % 4 == 3 else 128)
        drawn, shown = loss_of(teacher(x), maps, targets)
        adam.zero_grad(set_to_none=True)
        (drawn + 0.3 * shown).backward()
        nn.utils.clip_grad_norm_(teacher.parameters(), 5.0)
        adam.step()
        schedule.step()
        if step % 100 == 0 or step == arguments.steps - 1:
            print(f"step {step}: maps {drawn.item():.3f}, signs {shown.item():.3f}", flush=True)

    # Running statistics lag behind the weights; the published ones are plain averages at the final weights.
    for module in teacher.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        for step in range(100):
            teacher(images_of(256 if step % 4 == 3 else 128)[0])
    Encoder(EncoderCard(ARCHITECTURE, TRAINED_ON, public=True), teacher.backbone.state_dict()).save(arguments.out)
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
