/** One animation frame for the whole page: first everything is written, then it is measured and scrolled. */

const drawing = new Set();
const settling = new Set();
let asked = false;

/** Return a function that runs `draw` in the next frame, once, however often it is called before. */
export function oncePerFrame(draw) {
  return () => {
    drawing.add(draw);
    ask();
  };
}

/**
 * Run `settle` when everything of this frame is drawn, once, however often it is asked for.
 *
 * What reads sizes belongs here: a read between two writes would make the browser lay the page out twice.
 */
export function afterDrawing(settle) {
  settling.add(settle);
  ask();
}

function ask() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    runAll(drawing);
    runAll(settling);
  });
}

/** Run what stands in the set now; one that fails is reported and stops no other. */
function runAll(set) {
  const due = [...set];
  set.clear();
  for (const step of due) {
    try {
      step();
    } catch (error) {
      reportError(error);
    }
  }
}
