/** What every test file needs before it is loaded: `node --test --import ./setup.js`. */

import { register } from "node:module";

register("./resolve_here.js", import.meta.url);
