"""`import matcher` and `matcher --help` are quick: nothing heavy is loaded before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "torch", "torchvision", "faiss", "onnxruntime", "cv2", "pyarrow", "sqlalchemy", "alembic", "openpyxl",
    "open_clip", "timm", "sklearn", "scipy", "fastapi", "starlette", "uvicorn", "prometheus_client",
)  # fmt: skip

TELL = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
IMPORT = f"import matcher; {TELL}"
HELP = f"""
import contextlib, io, sys
sys.argv = ["matcher", "--help"]
from matcher.cli import main
with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
    main()
assert "catalog" in shown.getvalue(), shown.getvalue()
{TELL}
"""


@pytest.mark.parametrize("script", [IMPORT, HELP], ids=["import matcher", "matcher --help"])
def test_nothing_heavy_is_loaded(script: str) -> None:
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    loaded = set(json.loads(ran.stdout))
    assert not loaded & set(HEAVY), "import these inside the functions that use them"
