import { render } from "preact";
import { App } from "./app";
import { install } from "./installed";

install();
render(<App />, document.getElementById("app")!);
