// Starts GraphiQL with the tabs that the server prepared. Each tab asks as somebody else, and so has its own schema.
"use strict";

(async () => {
  const { createElement, useMemo, useState } = React;
  const tabs = await (await fetch("/graphiql/tabs.json")).json();

  /** Asks the server with the tab's own headers. */
  async function ask(request, { headers } = {}) {
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
    const [asking, setAsking] = useState(tabs[0]?.headers);
    // GraphiQL reads the schema anew when its fetcher is another one: when a tab asks as somebody else.
    const fetcher = useMemo(() => (...question) => ask(...question), [asking]);
    return createElement(GraphiQL, {
      fetcher,
      // For the first reading of the schema, before the tabs are there.
      headers: tabs[0]?.headers,
      defaultTabs: tabs.length > 0 ? tabs : undefined,
      defaultEditorToolsVisibility: true,
      onTabChange: (state) => setAsking(state.tabs[state.activeTabIndex]?.headers),
      // Nothing is kept in the browser: no token, no query. Each start begins with the prepared tabs.
      storage: null,
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
    });
  }

  ReactDOM.createRoot(document.getElementById("graphiql")).render(createElement(App));
})();
