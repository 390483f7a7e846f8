import { Outlet } from "react-router";

export function SessionsPage() {
  return <Outlet />;
}
