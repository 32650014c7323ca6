/* A copy of a value that is plain and normal JSON through and through; `normalize.py` says what that is.

   Only exact dict, list, tuple, str, int, float, bool and None are copied, so no code of the caller's runs here: no __eq__,
   no __iter__. Nor does anybody's __del__, because the garbage collector is off meanwhile: nothing that is made here is
   garbage, and looking for some took longer than the copy, of a document with many containers. So nothing changes while
   it is walked, and references can be borrowed. */

#include "_speedups.h"
#include <limits.h>
#include <math.h>

static const long long MAX_SAFE_INTEGER = (1LL << 53) - 1;

/* Returns a new reference; NULL: an exception is set, or none is, and the value is left to Python. */
static PyObject *copied(PyObject *value, long long depth, long long max_depth, long long *elements_left);

static int
is_scalar(PyObject *value)
{
    return value == Py_None || PyUnicode_CheckExact(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value) ||
           PyBool_Check(value);
}

/* A string knows its UTF-8 then, as it would after it was sent: orjson keeps it too. */
static int
is_text(PyObject *value)
{
    Py_ssize_t size;
    if (PyUnicode_AsUTF8AndSize(value, &size) != NULL) {
        return 1;
    }
    PyErr_Clear(); /* a lone surrogate, or no memory, of which Python will say more */
    return 0;
}

static int
is_safe_integer(PyObject *value)
{
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    return !overflow && -MAX_SAFE_INTEGER <= number && number <= MAX_SAFE_INTEGER;
}

static int
is_normal(PyObject *scalar)
{
    if (PyUnicode_CheckExact(scalar)) {
        return is_text(scalar);
    }
    if (PyLong_CheckExact(scalar)) {
        return is_safe_integer(scalar);
    }
    return !PyFloat_CheckExact(scalar) || isfinite(PyFloat_AsDouble(scalar));
}

/* Returns 1 or 0, and in `containers` how many of the members are not scalars; those are not looked into. */
static int
has_normal_members(PyObject *object, Py_ssize_t *containers)
{
    Py_ssize_t place = 0;
    PyObject *key, *value;
    while (PyDict_Next(object, &place, &key, &value)) {
        if (!PyUnicode_CheckExact(key) || !is_text(key)) {
            return 0;
        }
        if (!is_scalar(value)) {
            ++*containers;
        }
        else if (!is_normal(value)) {
            return 0;
        }
    }
    return 1;
}

static PyObject *
copied_object(PyObject *object, long long depth, long long max_depth, long long *elements_left)
{
    /* Before it is copied, as that may compare its keys, and a foreign one would do so by code of its own. */
    Py_ssize_t place = 0, containers = 0;
    PyObject *key, *value, *copy = has_normal_members(object, &containers) ? PyDict_Copy(object) : NULL;
    while (containers > 0 && copy != NULL && PyDict_Next(copy, &place, &key, &value)) {
        if (is_scalar(value)) {
            continue;
        }
        PyObject *inner = copied(value, depth + 1, max_depth, elements_left);
        if (inner == NULL || PyDict_SetItem(copy, key, inner) < 0) {
            Py_CLEAR(copy);
        }
        Py_XDECREF(inner);
        containers--;
    }
    return copy;
}

static PyObject *
copied_array(PyObject *array, Py_ssize_t size, long long depth, long long max_depth, long long *elements_left)
{
    PyObject *copy = PyList_CheckExact(array) ? PyList_GetSlice(array, 0, size) : PySequence_List(array);
    for (Py_ssize_t index = 0; copy != NULL && index < size; index++) {
        PyObject *value = PyList_GetItem(copy, index);
        if (is_scalar(value)) {
            if (!is_normal(value)) {
                Py_CLEAR(copy);
            }
            continue;
        }
        PyObject *inner = copied(value, depth + 1, max_depth, elements_left);
        if (inner == NULL || PyList_SetItem(copy, index, inner) < 0) { /* takes `inner` */
            Py_CLEAR(copy);
        }
    }
    return copy;
}

static PyObject *
copied(PyObject *value, long long depth, long long max_depth, long long *elements_left)
{
    int is_object = PyDict_CheckExact(value), is_list = PyList_CheckExact(value);
    if (!is_object && !is_list && !PyTuple_CheckExact(value)) {
        return is_scalar(value) && is_normal(value) ? Py_NewRef(value) : NULL;
    }
    Py_ssize_t size = is_object ? PyDict_Size(value) : is_list ? PyList_Size(value) : PyTuple_Size(value);
    *elements_left -= size; /* counted before it is copied */
    if (depth >= max_depth || *elements_left < 0) {
        return NULL;
    }
    return is_object ? copied_object(value, depth, max_depth, elements_left)
                     : copied_array(value, size, depth, max_depth, elements_left);
}

static long long
as_limit(PyObject *number)
{
    int overflow;
    long long limit = PyLong_AsLongLongAndOverflow(number, &overflow);
    return overflow > 0 ? LLONG_MAX : limit;
}

PyObject *
plain_copy(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 4) {
        PyErr_SetString(PyExc_TypeError, "a value, its depth, max_depth and max_elements are needed");
        return NULL;
    }
    long long depth = as_limit(args[1]), max_depth = as_limit(args[2]);
    long long elements_left = as_limit(args[3]) - 1; /* the root is one */
    if (PyErr_Occurred()) {
        return NULL;
    }
    int collects = PyGC_Disable();
    PyObject *copy = copied(args[0], depth, max_depth < DEEPEST ? max_depth : DEEPEST, &elements_left);
    if (collects) {
        PyGC_Enable();
    }
    return copy == NULL && !PyErr_Occurred() ? Py_NewRef(Py_NotImplemented) : copy;
}
