// Starts GraphiQL with the tabs that the server prepared. Each tab has another user and therefore another schema.
"use strict";

(async () => {
  const { createElement, useMemo, useState } = React;
  const tabs = await (await fetch("/graphiql/tabs.json")).json();

  /** Sends a request with the tab's own headers. */
  async function send(request, { headers } = {}) {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
        ...headers,
      },
      body: JSON.stringify(request),
    });
    return response.json();
  }

  function App() {
    const [headers, setHeaders] = useState(tabs[0]?.headers);
    // GraphiQL reloads the schema when its fetcher changes, so a tab with another user needs a new fetcher.
    const fetcher = useMemo(() => (...request) => send(...request), [headers]);
    return createElement(GraphiQL, {
      fetcher,
      // For loading the schema before the tabs exist.
      headers: tabs[0]?.headers,
      defaultTabs: tabs.length > 0 ? tabs : undefined,
      // The variables are what a user types. Without a prepared tab a user first enters a token as a header.
      defaultEditorToolsVisibility: tabs.length > 0 ? "variables" : "headers",
      onTabChange: (state) => setHeaders(state.tabs[state.activeTabIndex]?.headers),
      // Nothing is stored in the browser, neither tokens nor queries. Each start shows the prepared tabs.
      storage: null,
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
    });
  }

  ReactDOM.createRoot(document.getElementById("graphiql")).render(createElement(App));
})();
