/* The extension: what `_changes.c` and `_plain_copy.c` do, as a module. Without it Python does the same. */

#include "_speedups.h"

static PyMethodDef functions[] = {
    {"changes_in_object", (PyCFunction)(void (*)(void))changes_in_object, METH_FASTCALL, NULL},
    {"changes_in_list", (PyCFunction)(void (*)(void))changes_in_list, METH_FASTCALL, NULL},
    {"plain_copy", (PyCFunction)(void (*)(void))plain_copy, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_speedups",
    .m_doc = "What changed between two JSON values, and copies of plain ones.",
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__speedups(void)
{
    return PyModuleDef_Init(&module);
}
