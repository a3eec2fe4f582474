/** For tests: the person's todos, as the API answers them to this access token. */
export function listTodos(
  { todoOrigin }: { readonly todoOrigin: string },
  accessToken: string,
): Promise<Response> {
  return fetch(`${todoOrigin}/api/todos`, { headers: { authorization: `Bearer ${accessToken}` } });
}
