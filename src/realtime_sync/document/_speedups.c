/* What changed between two JSON values, found in one walk over both.

   `unchanged.py` says what it is for and chooses between this and Python; `_speedups.pyi` says what the function
   promises. Three rules keep it safe and short:

   - Only exact dict, list, str, int, float, bool and None are compared, so no code of the caller's ever runs here: no
     __eq__, no __hash__. Whatever else there is, is a change.
   - What is compared is owned: allocating an object may run the garbage collector, and with it anybody's __del__, which
     may change a list or a dict that is being walked. The answer is then of no use, but nothing has been freed.
   - It works on the stable ABI of Python 3.11, so that one wheel serves every later version. That ABI needs the GIL. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#define DEEPEST 256 /* limits.HIGHEST_DEPTH, and some to spare; 200 bytes of stack each */

/* Each function that compares returns 1: surely the same, 0: not surely, -1: an exception is set.

   With `changes`, which points to NULL, 0 also says where: {key: what changed inside it, or None}; it stays NULL where
   the two are not objects, or have keys that are no strings. Without, the first difference is the end. */
static int same(PyObject *old, PyObject *new, int depth, PyObject **changes);

static int
same_strings(PyObject *old, PyObject *new)
{
    int order = old == new ? 0 : PyUnicode_Compare(old, new);
    return order == -1 && PyErr_Occurred() ? -1 : order == 0;
}

static int
same_and_note(PyObject *old, PyObject *new, int depth, PyObject **changes, PyObject *key)
{
    PyObject *inside = NULL;
    int found = old == NULL ? 0 : same(old, new, depth, changes == NULL ? NULL : &inside);
    if (found == 0 && changes != NULL) {
        if (*changes == NULL) {
            *changes = PyDict_New();
        }
        if (*changes == NULL || PyDict_SetItem(*changes, key, inside == NULL ? Py_None : inside) < 0) {
            found = -1;
        }
    }
    Py_XDECREF(inside);
    return found;
}

static int
same_objects(PyObject *old, PyObject *new, int depth, PyObject **changes)
{
    Py_ssize_t place = 0;
    PyObject *key, *after;
    int result = PyDict_Size(old) == PyDict_Size(new);
    if (!result && (changes == NULL || (*changes = PyDict_New()) == NULL)) {
        return changes == NULL ? 0 : -1;
    }
    while (PyDict_Next(new, &place, &key, &after)) {
        if (!PyUnicode_CheckExact(key)) {
            if (changes != NULL) {
                Py_CLEAR(*changes);
            }
            return 0;
        }
        Py_INCREF(key);
        Py_INCREF(after);
        PyObject *before = Py_XNewRef(PyDict_GetItemWithError(old, key));
        int found = before == NULL && PyErr_Occurred() ? -1 : same_and_note(before, after, depth, changes, key);
        Py_XDECREF(before);
        Py_DECREF(after);
        Py_DECREF(key);
        if (found < 0 || (found == 0 && changes == NULL)) {
            return found;
        }
        result &= found;
    }
    return result;
}

static int
same_lists(PyObject *old, PyObject *new, int depth)
{
    int result = 1;
    for (Py_ssize_t index = 0; result == 1 && index < PyList_Size(old) && index < PyList_Size(new); index++) {
        PyObject *before = PyList_GetItem(old, index), *after = PyList_GetItem(new, index);
        Py_INCREF(before);
        Py_INCREF(after);
        result = same(before, after, depth, NULL);
        Py_DECREF(after);
        Py_DECREF(before);
    }
    return result;
}

static int
same_floats(PyObject *old, PyObject *new)
{
    double before = PyFloat_AsDouble(old), after = PyFloat_AsDouble(new);
    /* No NaN is the same, not even itself; and -0.0 is left to those who know what it means. */
    return before == after && memcmp(&before, &after, sizeof(double)) == 0;
}

static int
same(PyObject *old, PyObject *new, int depth, PyObject **changes)
{
    if (Py_TYPE(old) != Py_TYPE(new)) {
        return 0;
    }
    if (PyUnicode_CheckExact(new)) {
        return same_strings(old, new);
    }
    if (PyFloat_CheckExact(new)) {
        return same_floats(old, new);
    }
    if (PyLong_CheckExact(new)) {
        return PyObject_RichCompareBool(old, new, Py_EQ);
    }
    if (!PyDict_CheckExact(new) && !PyList_CheckExact(new)) {
        return old == new && (new == Py_None || PyBool_Check(new));
    }
    if (old == new) {
        return 1;
    }
    if (depth == DEEPEST) {
        PyErr_SetString(PyExc_RecursionError, "nested more deeply than any document may be");
        return -1;
    }
    if (PyDict_CheckExact(new)) {
        return same_objects(old, new, depth + 1, changes);
    }
    return PyList_Size(old) == PyList_Size(new) ? same_lists(old, new, depth + 1) : 0;
}

static PyObject *
changes_in_object(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    PyObject *changes = NULL;
    if (count != 2 || !PyDict_CheckExact(args[0]) || !PyDict_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "two dicts are needed");
        return NULL;
    }
    int found = same(args[0], args[1], 0, &changes);
    if (found < 0) {
        Py_CLEAR(changes);
    }
    else if (found == 1) {
        changes = PyDict_New();
    }
    else if (changes == NULL) {
        return Py_NewRef(Py_None);
    }
    return changes;
}

static PyObject *
changes_in_list(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyList_CheckExact(args[0]) || !PyList_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "two lists are needed");
        return NULL;
    }
    PyObject *old = args[0], *new = args[1], *changes = PyDict_New();
    int found = changes == NULL ? -1 : 0;
    for (Py_ssize_t index = 0; found >= 0 && index < PyList_Size(old) && index < PyList_Size(new); index++) {
        PyObject *before = PyList_GetItem(old, index), *after = PyList_GetItem(new, index);
        Py_INCREF(before);
        Py_INCREF(after);
        PyObject *key = PyLong_FromSsize_t(index);
        found = key == NULL ? -1 : same_and_note(before, after, 0, &changes, key);
        Py_XDECREF(key);
        Py_DECREF(after);
        Py_DECREF(before);
    }
    if (found < 0) {
        Py_CLEAR(changes);
    }
    return changes;
}

static PyMethodDef functions[] = {
    {"changes_in_object", (PyCFunction)(void (*)(void))changes_in_object, METH_FASTCALL, NULL},
    {"changes_in_list", (PyCFunction)(void (*)(void))changes_in_list, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_speedups",
    .m_doc = "What changed between two JSON values, found in one walk over both.",
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__speedups(void)
{
    return PyModuleDef_Init(&module);
}
