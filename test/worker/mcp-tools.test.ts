/** Both lanes offer the same tools, and whoAmI shows PingOne's token only to connections with all of its scopes. */
import { describe, expect } from "vitest";
import { TOOLS } from "../../src/tools.ts";
import {
  answerPages,
  connectMcp,
  createBrowser,
  PROTOCOL_ERAS,
  type ProtocolEra,
  redeem,
  registerClient,
  requestRefresh,
  signIn,
  startAuthorization,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { enterEra, readAnswer, sendInEra } from "../support/raw-mcp.ts";
import { testWithStack } from "../support/test.ts";

const { it, worker } = testWithStack({ WHOAMI_ACCESS_TOKEN: "include" });
let token: string;

it.beforeAll(async () => {
  token = (await signIn(worker)).tokens.access_token;
});

describe("the tools of both lanes", () => {
  /** Lists the tools without the fields that depend on the protocol version. */
  async function listTools(era: ProtocolEra): Promise<Record<string, unknown>[]> {
    const entered = await enterEra(worker, era, token);
    const answer = await readAnswer(await sendInEra(worker, era, { ...entered, call: "tools/list" }));
    const tools = (answer.result?.tools ?? []) as Record<string, unknown>[];
    return JSON.parse(
      JSON.stringify(
        tools.map(({ execution: _execution, _meta, ...tool }) => tool),
        (key, value) => (key === "$schema" ? undefined : value),
      ),
    );
  }

  it("are equal in names, words, schemas and annotations, and are those of the table", async () => {
    const legacy = await listTools("legacy");
    expect(await listTools("modern")).toEqual(legacy);
    expect(legacy).toEqual(
      TOOLS.map(({ name, title, description, annotations }) => ({
        name,
        title,
        description,
        annotations,
        inputSchema: expect.objectContaining({ type: "object" }),
        outputSchema: expect.objectContaining({ type: "object" }),
      })),
    );
  });

  it("are what they were when they were last reviewed", async () => {
    const tools = await listTools("modern");
    // The snapshot of `src/tools.test.ts` has the titles and annotations.
    const [whoAmI, ...ofTodos] = tools.map(({ title: _title, annotations: _, ...tool }) => tool);
    const [listing] = ofTodos;
    // Every tool except whoAmI returns the whole list.
    expect(ofTodos.map(({ outputSchema }) => outputSchema)).toEqual(ofTodos.map(() => listing?.outputSchema));
    expect(listing?.outputSchema).toMatchInlineSnapshot(`
      {
        "additionalProperties": false,
        "properties": {
          "todos": {
            "description": "The person's whole list; empty where this connection may not read it",
            "items": {
              "additionalProperties": false,
              "properties": {
                "completed": {
                  "description": "Whether it is done",
                  "type": "boolean",
                },
                "id": {
                  "description": "Id for toggleTodo and deleteTodo",
                  "type": "string",
                },
                "text": {
                  "description": "What is to be done",
                  "type": "string",
                },
              },
              "required": [
                "id",
                "text",
                "completed",
              ],
              "type": "object",
            },
            "type": "array",
          },
        },
        "required": [
          "todos",
        ],
        "type": "object",
      }
    `);
    expect([whoAmI, ...ofTodos.map(({ outputSchema: _, ...tool }) => tool)]).toMatchInlineSnapshot(`
      [
        {
          "description": "Returns who is signed in, what this connection may do, and for which API PingOne's token is meant.",
          "inputSchema": {
            "properties": {},
            "type": "object",
          },
          "name": "whoAmI",
          "outputSchema": {
            "additionalProperties": false,
            "properties": {
              "accessToken": {
                "description": "PingOne's access token, where this server is set up to show it and it allows no more than this connection",
                "type": "string",
              },
              "audience": {
                "description": "The API that PingOne's access token is meant for",
                "type": "string",
              },
              "email": {
                "description": "The person's e-mail address",
                "type": "string",
              },
              "expiresAt": {
                "description": "When PingOne's access token expires (ISO 8601, UTC); it is renewed by itself",
                "type": "string",
              },
              "name": {
                "description": "The person's name",
                "type": "string",
              },
              "scopes": {
                "description": "What this connection may do at the Todo API",
                "items": {
                  "type": "string",
                },
                "type": "array",
              },
              "sub": {
                "description": "The person's id at PingOne",
                "type": "string",
              },
              "username": {
                "description": "The person's user name at PingOne",
                "type": "string",
              },
            },
            "required": [
              "sub",
              "scopes",
              "audience",
              "expiresAt",
            ],
            "type": "object",
          },
        },
        {
          "description": "Returns the signed-in person's todos with their ids. Call it before changing or deleting one.",
          "inputSchema": {
            "properties": {},
            "type": "object",
          },
          "name": "listTodos",
        },
        {
          "description": "Adds one todo and returns the whole list. Each call adds another one: if a call fails without a clear answer, call listTodos before trying again. Example: {"text": "Buy milk"}.",
          "inputSchema": {
            "properties": {
              "text": {
                "description": "What is to be done, in one line",
                "maxLength": 1000,
                "minLength": 1,
                "type": "string",
              },
            },
            "required": [
              "text",
            ],
            "type": "object",
          },
          "name": "addTodo",
        },
        {
          "description": "Sets whether a todo is done and returns the whole list. Example: {"todoId": "3", "completed": true}.",
          "inputSchema": {
            "properties": {
              "completed": {
                "description": "true for done, false for open",
                "type": "boolean",
              },
              "todoId": {
                "description": "Id of the todo, as listTodos returns it",
                "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._~-]{1,128}$",
                "type": "string",
              },
            },
            "required": [
              "todoId",
              "completed",
            ],
            "type": "object",
          },
          "name": "toggleTodo",
        },
        {
          "description": "Deletes a todo for good and returns the list that is left. Example: {"todoId": "3"}.",
          "inputSchema": {
            "properties": {
              "todoId": {
                "description": "Id of the todo, as listTodos returns it",
                "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._~-]{1,128}$",
                "type": "string",
              },
            },
            "required": [
              "todoId",
            ],
            "type": "object",
          },
          "name": "deleteTodo",
        },
      ]
    `);
  });
});

describe.each(PROTOCOL_ERAS)("in the %s era, whoAmI", (era) => {
  async function whoAmI(accessToken: string): Promise<Record<string, unknown>> {
    const mcp = await connectMcp(worker, accessToken, era);
    const { structuredContent } = await mcp.callTool({ name: "whoAmI", arguments: {} });
    await mcp.close();
    return structuredContent as Record<string, unknown>;
  }

  /** Ways to request fewer scopes than the user allowed. */
  const narrowings: Record<string, (scope: string) => Promise<TokenResponse>> = {
    "when it redeems its code": async (scope) => {
      const client = await registerClient(worker);
      const attempt = await startAuthorization(worker, client);
      const { url } = await answerPages(await createBrowser(worker, client).open(attempt.url));
      return redeem(worker, client, attempt, url, { scope });
    },
    "when it refreshes its token": async (scope) => {
      const { client, tokens } = await signIn(worker);
      const response = await requestRefresh(worker, client, tokens, { scope });
      return (await response.json()) as TokenResponse;
    },
  };

  it.each(Object.entries(narrowings))(
    "[SEC-16] shows PingOne's token to no client that has asked for less %s",
    async (_when, narrow) => {
      const tokens = await narrow("todo_api:read");
      expect(tokens.scope).toBe("todo_api:read");
      const narrowed = await whoAmI(tokens.access_token);
      expect(narrowed.scopes).toEqual(["todo_api:read"]);
      expect(JSON.stringify(narrowed)).not.toMatch(/eyJ/);
    },
  );

  it("shows it to a client with all that it may do", async () => {
    expect(await whoAmI(token)).toMatchObject({ accessToken: expect.stringMatching(/^eyJ/) });
  });
});
