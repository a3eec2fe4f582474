/** For tests: the todos that the API returns for this access token. */
export function listTodos(
  { todoOrigin }: { readonly todoOrigin: string },
  accessToken: string,
): Promise<Response> {
  return fetch(`${todoOrigin}/api/todos`, { headers: { authorization: `Bearer ${accessToken}` } });
}
