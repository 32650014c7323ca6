/* What the files of the extension share; `_speedups.pyi` says what the functions promise. */

#ifndef REALTIME_SYNC_SPEEDUPS_H
#define REALTIME_SYNC_SPEEDUPS_H

#define Py_LIMITED_API 0x030B0000 /* one wheel serves Python 3.11 and every later one that has a GIL */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define DEEPEST 256 /* limits.HIGHEST_DEPTH, and some to spare; at most 700 bytes of stack each */

PyObject *changes_in_object(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *changes_in_list(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *plain_copy(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
