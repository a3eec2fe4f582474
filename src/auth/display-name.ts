export function displayName(name: string): string {
  return name;
}
