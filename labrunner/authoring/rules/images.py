"""Rules on the images that a lab starts from; what is known of them is in ``images/support.yaml``."""

from __future__ import annotations

import re

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.solution import written
from labrunner.authoring.source import CourseSource, LabSource
from labrunner.model.lab import Step, WriteFile


def unused(source: LabSource, _course: CourseSource) -> Findings:
    """An image that must be there before the lab starts is one that its solution names."""
    done = written(source.lab)
    for image in source.lab.images:
        name, _, tag = image.rpartition(":")
        either = f"{re.escape(name)}(?::latest)?" if tag == "latest" else re.escape(image)
        if not re.search(rf"(?<![\w/.-]){either}(?![\w/:.-])", done):
            says = f"expected an image that the solution names, found {image}, which it does not"
            yield Finding(source.file, source.line("images", image), says, image)


def unknown(source: LabSource, course: CourseSource) -> Findings:
    """An image is known in ``images/support.yaml``, and the base of what is built is among the lab's images."""
    for image in source.lab.images:
        if image not in course.support:
            says = f"expected an image that images/support.yaml has, found {image}"
            yield Finding(source.file, source.line("images", image), says, image)
    for step in source.lab.steps:
        for base in _bases(step):
            if base not in {each.removesuffix(":latest") for each in source.lab.images}:
                says = f"expected {base}, from which {step.name} builds, among 'images', found it missing"
                yield Finding(source.file, source.line("images"), says, base)


def age(source: LabSource, course: CourseSource) -> Findings:
    """The makers of an image still support it."""
    for image in source.lab.images:
        known = course.support.get(image)
        if known and known.until and known.until <= course.today:
            says = f"expected an image that is supported, found {image}, whose support has ended on {known.until}"
            yield Finding(source.file, source.line("images", image), says, image)


def architecture(source: LabSource, course: CourseSource) -> Findings:
    """An image runs on every learner's machine without emulation."""
    for image in source.lab.images:
        known = course.support.get(image)
        if known and len(known.architectures) == 1:
            says = f"expected an image for amd64 and arm64, found {image}, which is for {known.architectures[0]} only"
            yield Finding(source.file, source.line("images", image), says, image)


def _bases(step: Step) -> tuple[str, ...]:
    """What the Dockerfiles of a step build on, as the front matter would have it, without ``:latest``."""
    files = (action.content for action in step.actions if isinstance(action, WriteFile) and "Dockerfile" in action.path)
    bases = (base for content in files for base in re.findall(r"^FROM\s+(\S+)", content, re.MULTILINE | re.IGNORECASE))
    return tuple(base.removesuffix(":latest") for base in bases if base != "scratch")
