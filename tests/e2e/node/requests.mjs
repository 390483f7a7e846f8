// What a client under test sent: how it named the document, and which status came back.
export const requests = [];

export async function recordingFetch(url, options) {
  const response = await fetch(url, options);
  const parameters = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams);
  requests.push({ method: options.method ?? "GET", text: "query" in parameters, status: response.status });
  return response;
}

// What a client's user sees of GraphQL errors.
export const seen = (errors) => errors.map(({ message, extensions }) => ({ message, code: extensions?.code }));
