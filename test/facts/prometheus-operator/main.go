// Prints the scrape jobs that prometheus-operator itself makes of the PodMonitors in a JSON list,
// and ends with an error if it refuses one of them or one of the PrometheusRules:
//
//	go run -mod=mod . < monitors.json > jobs.yaml
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	v1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/operator"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// read refuses fields that the operator does not know.
func read(one []byte, into any) {
	decoder := json.NewDecoder(bytes.NewReader(one))
	decoder.DisallowUnknownFields()
	must(decoder.Decode(into))
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	must(err)
	var list []json.RawMessage
	must(json.Unmarshal(text, &list))
	monitors := map[string]*v1.PodMonitor{}
	for _, one := range list {
		var object metav1.PartialObjectMetadata
		must(json.Unmarshal(one, &object))
		switch object.Kind {
		case "PodMonitor":
			monitor := &v1.PodMonitor{}
			read(one, monitor)
			monitors[object.Namespace+"/"+object.Name] = monitor
		case "PrometheusRule":
			rule := &v1.PrometheusRule{}
			read(one, rule)
			for _, wrong := range operator.ValidateRule(rule.Spec, model.UTF8Validation, parser.Options{}) {
				must(fmt.Errorf("%s: %w", object.Name, wrong))
			}
		}
	}

	plain := &v1.Prometheus{ObjectMeta: metav1.ObjectMeta{Name: "k8s", Namespace: "monitoring"}}
	store := assets.NewTestStoreBuilder()
	metrics := operator.NewMetrics(client.NewRegistry())
	selector, err := prometheus.NewResourceSelector(slog.Default(), plain, store, nil, metrics, operator.NewFakeRecorder(100, plain))
	must(err)
	selected, err := selector.SelectPodMonitors(context.Background(), func(_ string, _ labels.Selector, add cache.AppendFunc) error {
		for _, monitor := range monitors {
			add(monitor)
		}
		return nil
	})
	must(err)
	if valid := selected.ValidResources(); len(valid) < len(monitors) {
		must(fmt.Errorf("%d of %d PodMonitors are refused", len(monitors)-len(valid), len(monitors)))
	}

	generator, err := prometheus.NewConfigGenerator(slog.Default(), plain)
	must(err)
	config, err := generator.GenerateServerConfiguration(plain, nil, monitors, nil, nil, store, nil, nil, nil, nil)
	must(err)
	_, err = os.Stdout.Write(config)
	must(err)
}
