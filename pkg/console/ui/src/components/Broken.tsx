import { Component, type ReactNode } from "react";

/** Shows what a page threw in its place, so that the frame stays usable. */
export class Broken extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <section className="state" role="alert">
        <h1>This page has failed</h1>
        <p>That is a fault of the console. The traces are safe; a report with this text helps:</p>
        <pre className="snippet">{error.stack ?? error.message}</pre>
        <div className="actions">
          <button type="button" className="button primary" onClick={() => window.location.reload()}>
            Load it again
          </button>
        </div>
      </section>
    );
  }
}
