import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { loaded } from "./load";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/frame.css";

const root = document.getElementById("root");
if (root) {
  void loaded(window.location.pathname).then(() =>
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  );
}
