import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Frame } from "./components/Frame";
import { Loading } from "./components/states";
import { NoPage } from "./components/NoPage";
import { Broken } from "./components/Broken";
import { page } from "./load";
import { TimeProvider } from "./state/time";
import { ShortcutsProvider } from "./state/shortcuts";

const MapPage = page("map");
const TracesPage = page("traces");
const TracePage = page("trace");
const AnalyticsPage = page("analytics");
const ComparePage = page("compare");
const BackendsPage = page("backends");
const PipePage = page("pipe");

const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 1000, refetchOnWindowFocus: false } },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <ShortcutsProvider>
        <TimeProvider>
          <Frame>
            <Broken>
              <Suspense fallback={<Loading what="the page" />}>
                <Switch>
                  <Route path="/">
                    <Redirect to="/map" replace />
                  </Route>
                  <Route path="/map" component={MapPage} />
                  <Route path="/traces" component={TracesPage} />
                  <Route path="/trace/:id" component={TracePage} />
                  <Route path="/analytics" component={AnalyticsPage} />
                  <Route path="/compare" component={ComparePage} />
                  <Route path="/backends" component={BackendsPage} />
                  <Route path="/pipe" component={PipePage} />
                  <Route>
                    <NoPage />
                  </Route>
                </Switch>
              </Suspense>
            </Broken>
          </Frame>
        </TimeProvider>
      </ShortcutsProvider>
    </QueryClientProvider>
  );
}
