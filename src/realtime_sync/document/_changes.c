/* What changed between two JSON values, found in one walk over both.

   `unchanged.py` says what it is for and chooses between this and Python. What keeps it safe:

   - Only exact dict, list, str, int, float, bool and None are compared, so no code of the caller's ever runs here: no
     __eq__, no __hash__. Whatever else there is, is a change.
   - The walk makes no object, so neither does the garbage collector run, and with it anybody's __del__. While it lasts
     nothing is freed, and nothing has to be owned: counting references would write to every value that is read.
   - What it found is noted in memory of its own, and owned before the answer, which is made of objects, is built.

   What keeps it fast, as it mostly waits for memory: members are gathered, and asked for, some ahead of being compared;
   and objects of one shape, whose keys are the same strings in the same order, are not searched for their keys. */

#include "_speedups.h"
#include <stdint.h>
#include <string.h>

#define AHEAD 16   /* values on the way from memory at a time; with 8 a twentieth slower, with 32 no faster */
#define SHAPES 128 /* pairs of keys that are remembered to be the same */

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* A member that changed, or an element; what changed inside it follows, as far as `end`. */
typedef struct {
    PyObject *key; /* NULL: it is the element at `position` */
    Py_ssize_t position;
    Py_ssize_t end;
    int is_object; /* so it is known what changed inside it */
} Change;

typedef struct {
    Change *changes;
    Py_ssize_t count, room;
    struct {
        PyObject *old, *new;
    } same_keys[SHAPES];
} Walk;

/* Each function that compares returns 1: surely the same, 0: not surely, -1: an exception is set.

   With `noting`, 0 is also noted; without, the first difference is the end. */
static int same(Walk *walk, PyObject *old, PyObject *new, int depth, int noting);

/* An object's header fills most of a cache line, and mostly lies across two. */
static inline void
ask_for(PyObject *value)
{
    PREFETCH(value);
    PREFETCH((char *)value + 48);
}

/* ---- what is noted ---- */

static Change *
note(Walk *walk, PyObject *key, Py_ssize_t position)
{
    if (walk->count == walk->room) {
        Py_ssize_t room = walk->room == 0 ? 32 : 2 * walk->room;
        Change *changes = PyMem_Realloc(walk->changes, (size_t)room * sizeof(Change));
        if (changes == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        walk->changes = changes;
        walk->room = room;
    }
    Change *change = &walk->changes[walk->count++];
    *change = (Change){.key = key, .position = position, .end = walk->count, .is_object = 0};
    return change;
}

/* Compares what stands at `key` or `position`; `old` is NULL where nothing stood. */
static int
same_inside(Walk *walk, PyObject *old, PyObject *new, int depth, int noting, PyObject *key, Py_ssize_t position)
{
    if (!noting || old == NULL || !PyDict_CheckExact(new)) {
        int found = old == NULL ? 0 : same(walk, old, new, depth, 0);
        return found == 0 && noting && note(walk, key, position) == NULL ? -1 : found;
    }
    Py_ssize_t start = walk->count;
    if (note(walk, key, position) == NULL) {
        return -1;
    }
    int found = same(walk, old, new, depth, 1);
    if (found == 1) {
        walk->count = start;
    }
    else {
        walk->changes[start].end = walk->count;
    }
    return found;
}

/* Returns the changes as `_speedups.pyi` describes them; what they name is owned by the caller. */
static PyObject *
as_tree(const Change *changes, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *tree = PyDict_New();
    for (Py_ssize_t index = start; tree != NULL && index < end; index = changes[index].end) {
        const Change *change = &changes[index];
        PyObject *key = change->key == NULL ? PyLong_FromSsize_t(change->position) : Py_NewRef(change->key);
        PyObject *inside = change->is_object ? as_tree(changes, index + 1, change->end) : Py_NewRef(Py_None);
        if (key == NULL || inside == NULL || PyDict_SetItem(tree, key, inside) < 0) {
            Py_CLEAR(tree);
        }
        Py_XDECREF(inside);
        Py_XDECREF(key);
    }
    return tree;
}

static PyObject *
answer(Walk *walk, int found, Py_ssize_t start)
{
    PyObject *tree = NULL;
    if (found >= 0) {
        for (Py_ssize_t index = 0; index < walk->count; index++) {
            Py_XINCREF(walk->changes[index].key);
        }
        tree = as_tree(walk->changes, start, walk->count);
        for (Py_ssize_t index = 0; index < walk->count; index++) {
            Py_XDECREF(walk->changes[index].key);
        }
    }
    PyMem_Free(walk->changes);
    return tree;
}

/* ---- what is compared ---- */

static int
same_strings(PyObject *old, PyObject *new)
{
    int order = old == new ? 0 : PyUnicode_Compare(old, new);
    return order == -1 && PyErr_Occurred() ? -1 : order == 0;
}

static int
same_keys(Walk *walk, PyObject *old, PyObject *new)
{
    if (old == new) {
        return 1;
    }
    size_t place = (size_t)(((uint64_t)(uintptr_t)new * 0x9E3779B97F4A7C15u) >> 32) % SHAPES;
    if (walk->same_keys[place].new == new && walk->same_keys[place].old == old) {
        return 1;
    }
    int found = PyUnicode_CheckExact(old) ? same_strings(old, new) : 0;
    if (found == 1) {
        walk->same_keys[place].old = old;
        walk->same_keys[place].new = new;
    }
    return found;
}

static int
has_plain_keys(PyObject *object)
{
    Py_ssize_t place = 0;
    PyObject *key;
    while (PyDict_Next(object, &place, &key, NULL)) {
        if (!PyUnicode_CheckExact(key)) {
            return 0;
        }
    }
    return 1;
}

/* How the members of an old object are found: as long as the keys come in the new one's order, without a search. */
typedef struct {
    PyObject *object;
    Py_ssize_t place;
    enum { IN_STEP, BY_SEARCH, NOT_AT_ALL } way;
} OldMembers;

/* Returns the member, or NULL: there is none, or none that can be found without running the code of a foreign key, or
   an exception is set. */
static PyObject *
member(Walk *walk, OldMembers *old, PyObject *key)
{
    if (old->way == IN_STEP) {
        PyObject *old_key, *value;
        int found = PyDict_Next(old->object, &old->place, &old_key, &value) ? same_keys(walk, old_key, key) : 0;
        if (found != 0) {
            return found < 0 ? NULL : value;
        }
        old->way = has_plain_keys(old->object) ? BY_SEARCH : NOT_AT_ALL;
    }
    return old->way == BY_SEARCH ? PyDict_GetItemWithError(old->object, key) : NULL;
}

static int
same_objects(Walk *walk, PyObject *old, PyObject *new, int depth, int noting)
{
    PyObject *keys[AHEAD], *befores[AHEAD], *afters[AHEAD];
    OldMembers members = {.object = old, .place = 0, .way = IN_STEP};
    Py_ssize_t place = 0, here = walk->count - 1;
    int result = PyDict_Size(old) == PyDict_Size(new), gathered = AHEAD;
    if (!result && !noting) {
        return 0;
    }
    if (noting) {
        walk->changes[here].is_object = 1;
    }
    while (gathered == AHEAD) {
        for (gathered = 0; gathered < AHEAD; gathered++) {
            if (!PyDict_Next(new, &place, &keys[gathered], &afters[gathered])) {
                break;
            }
            if (!PyUnicode_CheckExact(keys[gathered])) {
                if (noting) {
                    walk->changes[here].is_object = 0;
                }
                return 0;
            }
            ask_for(afters[gathered]);
            befores[gathered] = member(walk, &members, keys[gathered]);
            if (befores[gathered] != NULL) {
                ask_for(befores[gathered]);
            }
            else if (PyErr_Occurred()) {
                return -1;
            }
        }
        for (int index = 0; index < gathered; index++) {
            PyObject *before = befores[index], *after = afters[index];
            int found = same_inside(walk, before, after, depth, noting, keys[index], 0);
            if (found < 0 || (found == 0 && !noting)) {
                return found;
            }
            result &= found;
        }
    }
    return result;
}

static int
same_lists(Walk *walk, PyObject *old, PyObject *new, int depth, int noting)
{
    PyObject *befores[AHEAD], *afters[AHEAD];
    Py_ssize_t length = PyList_Size(old) < PyList_Size(new) ? PyList_Size(old) : PyList_Size(new);
    int result = PyList_Size(old) == PyList_Size(new);
    if (!result && !noting) {
        return 0;
    }
    for (Py_ssize_t start = 0; start < length; start += AHEAD) {
        int gathered = length - start < AHEAD ? (int)(length - start) : AHEAD;
        for (int index = 0; index < gathered; index++) {
            ask_for(befores[index] = PyList_GetItem(old, start + index));
            ask_for(afters[index] = PyList_GetItem(new, start + index));
        }
        for (int index = 0; index < gathered; index++) {
            PyObject *before = befores[index], *after = afters[index];
            int found = same_inside(walk, before, after, depth, noting, NULL, start + index);
            if (found < 0 || (found == 0 && !noting)) {
                return found;
            }
            result &= found;
        }
    }
    return result;
}

static int
same_integers(PyObject *old, PyObject *new)
{
    int old_overflow, new_overflow;
    long long before = PyLong_AsLongLongAndOverflow(old, &old_overflow);
    long long after = PyLong_AsLongLongAndOverflow(new, &new_overflow);
    return old_overflow || new_overflow ? PyObject_RichCompareBool(old, new, Py_EQ) : before == after;
}

static int
same_floats(PyObject *old, PyObject *new)
{
    double before = PyFloat_AsDouble(old), after = PyFloat_AsDouble(new);
    /* No NaN is the same, not even itself; and -0.0 is left to those who know what it means. */
    return before == after && memcmp(&before, &after, sizeof(double)) == 0;
}

static int
same_containers(Walk *walk, PyObject *old, PyObject *new, int depth, int noting)
{
    if (old == new) {
        return 1;
    }
    if (depth == DEEPEST) {
        PyErr_SetString(PyExc_RecursionError, "nested more deeply than any document may be");
        return -1;
    }
    return PyDict_CheckExact(new) ? same_objects(walk, old, new, depth + 1, noting)
                                  : same_lists(walk, old, new, depth + 1, 0); /* `diff` aligns it, and asks again */
}

static int
same(Walk *walk, PyObject *old, PyObject *new, int depth, int noting)
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
        return old == new ? 1 : same_integers(old, new);
    }
    if (PyDict_CheckExact(new) || PyList_CheckExact(new)) {
        return same_containers(walk, old, new, depth, noting);
    }
    return old == new && (new == Py_None || PyBool_Check(new));
}

/* ---- what Python calls ---- */

PyObject *
changes_in_object(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyDict_CheckExact(args[0]) || !PyDict_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "two dicts are needed");
        return NULL;
    }
    Walk walk = {0};
    int found = same_inside(&walk, args[0], args[1], 0, 1, NULL, 0);
    if (found == 0 && !walk.changes[0].is_object) {
        PyMem_Free(walk.changes);
        return Py_NewRef(Py_None);
    }
    return answer(&walk, found, 1); /* after the object itself */
}

PyObject *
changes_in_list(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyList_CheckExact(args[0]) || !PyList_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "two lists are needed");
        return NULL;
    }
    Walk walk = {0};
    int found = same_lists(&walk, args[0], args[1], 0, 1);
    return answer(&walk, found, 0);
}
