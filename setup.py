"""How the extension in C is built; everything else about the package is in pyproject.toml.

It is optional: where there is no compiler, or no header files of Python, building warns and goes on, and the library is
the same but slower. It uses the stable ABI, so that a wheel built by Python 3.11 serves every later version; a Python
without the GIL has no such ABI, and gets the library without the extension.
"""

import sysconfig

from setuptools import Extension, setup

if sysconfig.get_config_var("Py_GIL_DISABLED"):
    setup()
else:
    extension = Extension(
        "realtime_sync.document._speedups",
        [f"src/realtime_sync/document/{name}.c" for name in ("_speedups", "_changes", "_plain_copy")],
        depends=["src/realtime_sync/document/_speedups.h"],
        py_limited_api=True,
        optional=True,
    )
    setup(ext_modules=[extension], options={"bdist_wheel": {"py_limited_api": "cp311"}})
