import { render } from "preact";
import { App } from "./app";
import { install } from "./installed";
import { watchTouches } from "./touched";

install();
watchTouches(window);
render(<App />, document.getElementById("app")!);
