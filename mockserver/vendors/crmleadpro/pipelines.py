"""Pipelines and their stages: what the workspace has been set up with, and whether a body fits it (P2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.schema import FieldError
from mockserver.engine.call import Call, Reply, Tenant
from mockserver.engine.refusal import invalid_body
from mockserver.engine.words import counted


async def listPipelines(call: Call) -> Reply:
    """All pipelines with their stages."""
    pipelines = list(call.tenant.world["pipelines"].values())
    call.outcome = f"listed {counted(len(pipelines), 'pipeline')}"
    return Reply(200, {"data": pipelines})


def default_pipeline(tenant: Tenant) -> str:
    """Where a lead goes that names no pipeline: the first one."""
    slug: str = next(iter(tenant.world["pipelines"]))
    return slug


def check_pipeline(tenant: Tenant, slug: str) -> Mapping[str, Any]:
    """The pipeline, or a refusal that names the ones there are."""
    pipelines = tenant.world["pipelines"]
    if slug not in pipelines:
        raise invalid_body(FieldError("/pipeline", not_a_pipeline(tenant)))
    pipeline: Mapping[str, Any] = pipelines[slug]
    return pipeline


def not_a_pipeline(tenant: Tenant) -> str:
    """What is wrong with an unknown pipeline, in words."""
    return f"is not a pipeline of your workspace, which has {', '.join(tenant.world['pipelines'])}"


def check_stage(pipeline: Mapping[str, Any], slug: str | None, pointer: str, *, is_open: bool = False) -> str:
    """The stage, the pipeline's first where none is given; a refusal unless the pipeline has it, open if need be."""
    stages = [stage["slug"] for stage in pipeline["stages"] if not is_open or stage["outcome"] == "open"]
    if slug is not None and slug not in stages:
        kind = "an open stage" if is_open else "a stage"
        detail = f"is not {kind} of pipeline {pipeline['slug']}, which has {', '.join(stages)}"
        raise invalid_body(FieldError(pointer, detail))
    return slug or stages[0]
