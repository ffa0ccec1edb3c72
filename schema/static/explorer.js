// The explorer: GraphiQL with the worked example in its tabs. It keeps the token that signing in returned, and the id of the
// newest thing of each type, in the memory of this page only.
"use strict";

const tabs = JSON.parse(document.getElementById("example").textContent);
const newest = {};
let token = null;

/** Note the token and the ids in a result. Ids are base64url of `Type:uuid`. */
function remember(value) {
  if (Array.isArray(value)) {
    value.forEach(remember);
  } else if (value && typeof value === "object") {
    if (typeof value.accessToken === "string") {
      token = value.accessToken;
      document.getElementById("who").textContent = "signed in" + (value.user ? " as " + value.user.email : "");
    }
    if (typeof value.id === "string") {
      noteId(value.id);
    }
    Object.values(value).forEach(remember);
  }
}

function noteId(id) {
  try {
    const [type, key] = atob(id.replace(/-/g, "+").replace(/_/g, "/")).split(":");
    if (key && key.length === 36) {
      newest[type] = id;
    }
  } catch {
    // Not one of the ids that name their type, such as the "r1" of a requirement.
  }
}

/** Put ids into the places that the example leaves open, such as "LAST_PROFILE". */
function fill(value) {
  if (Array.isArray(value)) {
    return value.map(fill);
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner)]));
  }
  if (typeof value === "string" && /^LAST_[A-Z]+$/.test(value)) {
    const type = value[5] + value.slice(6).toLowerCase();
    if (!newest[type]) {
      throw new Error("There is no " + type + " yet: run the earlier tabs first, or put an id in place of " + value + ".");
    }
    return newest[type];
  }
  return value;
}

function withToken(options) {
  const headers = { ...(options && options.headers) };
  const named = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  if (token && !named) {
    headers.authorization = "Bearer " + token;
  }
  return { ...options, headers };
}

const scheme = location.protocol === "https:" ? "wss://" : "ws://";
const send = GraphiQL.createFetcher({
  url: location.pathname,
  subscriptionUrl: scheme + location.host + location.pathname,
  enableIncrementalDelivery: false,
});

async function fetcher(parameters, options) {
  let variables;
  try {
    variables = fill(parameters.variables);
  } catch (error) {
    return { errors: [{ message: error.message }] };
  }
  const result = await send({ ...parameters, variables }, withToken(options));
  if (parameters.operationName !== "IntrospectionQuery") {
    remember(result);
  }
  return result;
}

// What GraphiQL kept from an earlier visit would hide the example; a person's own history stays.
for (const name of ["graphiql:tabState", "graphiql:query", "graphiql:variables", "graphiql:headers"]) {
  localStorage.removeItem(name);
}

const defaultTabs = tabs.map((tab) => ({ query: tab.query, variables: JSON.stringify(tab.variables, null, 2), headers: null }));
const explorer = React.createElement(GraphiQL, { fetcher, defaultTabs, defaultEditorToolsVisibility: "variables" });
ReactDOM.createRoot(document.getElementById("explorer")).render(explorer);
