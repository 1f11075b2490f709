// The types that openapi-typescript makes of docs/openapi.json, as a program uses them.
// script/clients compiles it with tsc --strict; it is not run.

import createClient from "openapi-fetch";

import type { components, paths } from "./torale.js";

type Send = components["schemas"]["Send"];
type Task = components["schemas"]["Task"];
type Execution = components["schemas"]["Execution"];

const client = createClient<paths>({ baseUrl: "http://localhost:8000" });

export async function failedSends(taskId: string): Promise<Send[]> {
  const { data, error } = await client.GET("/api/v1/notifications/sends", {
    params: { query: { task_id: taskId, status: "failed", limit: 500 } },
  });
  if (error) {
    throw new Error(typeof error.detail === "string" ? error.detail : error.detail[0]?.msg);
  }
  const total: number = data.total;
  console.log(total, data.sends[0]?.recipient.toLowerCase());
  return data.sends;
}

export async function watch(page: string): Promise<Execution> {
  const { data: task, error } = await client.POST("/api/v1/tasks", {
    body: {
      search_query: page,
      condition_description: 'contains "In stock"',
      state: "paused",
      notifications: [{ type: "webhook", url: "https://receiver.example/hook", method: "POST" }],
    },
  });
  if (error) {
    throw new Error("refused");
  }
  const { data: execution } = await client.POST("/api/v1/tasks/{task_id}/execute", {
    params: { path: { task_id: task.id }, query: { force: true } },
  });
  if (!execution) {
    throw new Error("not executed");
  }
  const begun: string = execution.started_at;
  const confidence: number | undefined = execution.result?.confidence;
  console.log(begun, confidence);
  return execution;
}

export async function activeTasks(): Promise<Task[]> {
  const { data } = await client.GET("/api/v1/tasks", { params: { query: { active: true } } });
  return (data ?? []).filter((task) => task.state !== "completed" && task.user_id !== "");
}

export async function csv(): Promise<string> {
  const { data } = await client.GET("/api/v1/notifications/sends.csv", { parseAs: "text" });
  return data ?? "";
}
