/** Which login (or grant) a request belongs to. The journal shows it, and faults can be queued for one login. */
import { z } from "zod";

export interface LoginView {
  /** `state` of the authorization request. */
  readonly state?: string;
  readonly loginHint?: string;
  /** User name of the person, once the emulator knows it. */
  readonly username?: string;
  readonly userId?: string;
  readonly clientId?: string;
}

/** Credentials in a request by which an emulator can look up its login. */
export interface LoginCredentials {
  readonly code?: string;
  readonly refreshToken?: string;
  readonly accessToken?: string;
  /** Names a sign-in that is under way. */
  readonly interactionId?: string;
}

/** Which login a fault or a pattern is for. Every field that is given must fit. */
export const loginScopeSchema = z
  .strictObject({
    /** User name, user id or `login_hint`. */
    user: z.string().min(1).optional().meta({
      title: "Only for user",
      hint: "User name, user id or login_hint. Empty: any user.",
    }),
    /** `state` of the authorization request that the login began with. */
    state: z.string().min(1).optional().meta({ title: "Only for state" }),
    clientId: z.string().min(1).optional().meta({ title: "Only for client" }),
  })
  .refine((scope) => Object.keys(scope).length > 0, "login names at least one of user, state, clientId");
export type LoginScope = z.infer<typeof loginScopeSchema>;

export function isOfLogin(scope: LoginScope | undefined, login: LoginView | undefined): boolean {
  if (scope === undefined) return true;
  if (login === undefined) return false;
  return (
    (scope.user === undefined || namesOfPerson(login).includes(scope.user)) &&
    (scope.state === undefined || scope.state === login.state) &&
    (scope.clientId === undefined || scope.clientId === login.clientId)
  );
}

/** The names by which `user` can mean this login. */
export function namesOfPerson({ username, userId, loginHint }: LoginView): readonly string[] {
  return [username, userId, loginHint].filter((name) => name !== undefined);
}

/** `state` is a capability at the client's callback, so it is only ever shown as a hash. */
export function hideState<L extends { readonly state?: string | undefined }>(
  login: L,
  hash: (value: string) => string,
): L {
  return login.state === undefined ? login : { ...login, state: hash(login.state) };
}
