// Package manifests tests the manifests in deploy/kubernetes with the libraries of Kubernetes.
package manifests

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are the objects that kustomize builds, decoded strictly: an unknown field
// fails.
type manifests struct {
	deployment appsv1.Deployment
	service    corev1.Service
	account    corev1.ServiceAccount
	config     corev1.ConfigMap
	network    networkingv1.NetworkPolicy
	budget     policyv1.PodDisruptionBudget
	scaler     autoscalingv2.HorizontalPodAutoscaler
}

func build(t *testing.T, dir string) *manifests {
	t.Helper()
	const root = "../../deploy/kubernetes/"
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), root+dir)
	if err != nil {
		t.Fatal(err)
	}
	var m manifests
	kinds := map[string]any{
		"Deployment":              &m.deployment,
		"Service":                 &m.service,
		"ServiceAccount":          &m.account,
		"ConfigMap":               &m.config,
		"NetworkPolicy":           &m.network,
		"PodDisruptionBudget":     &m.budget,
		"HorizontalPodAutoscaler": &m.scaler,
	}
	for _, object := range built.Resources() {
		into, ok := kinds[object.GetKind()]
		if !ok {
			t.Errorf("unexpected kind, or two of %s", object.GetKind())
			continue
		}
		delete(kinds, object.GetKind())
		if err := yaml.UnmarshalStrict([]byte(object.MustYaml()), into); err != nil {
			t.Errorf("%s: %v", object.GetKind(), err)
		}
	}
	if len(kinds) > 0 {
		t.Fatalf("no %v", slices.Sorted(maps.Keys(kinds)))
	}
	return &m
}

// TestManifestsFitTogether builds the base and the overlays with kustomize, decodes them into
// the types of Kubernetes, and checks the references between them, which no schema does.
func TestManifestsFitTogether(t *testing.T) {
	for _, dir := range []string{"base", "overlays/workload-identity", "overlays/custom-attributes"} {
		t.Run(dir, func(t *testing.T) {
			m := build(t, dir)
			labels := m.deployment.Spec.Template.Labels
			for name, selector := range map[string]map[string]string{
				"the deployment":        selected(m.deployment.Spec.Selector),
				"the service":           m.service.Spec.Selector,
				"the disruption budget": selected(m.budget.Spec.Selector),
				"the network policy":    selected(&m.network.Spec.PodSelector),
				"a topology constraint": selected(spread(t, m)),
			} {
				if len(selector) == 0 || !contains(labels, selector) {
					t.Errorf("%s selects %v, the pods have %v", name, selector, labels)
				}
			}
			if target := m.scaler.Spec.ScaleTargetRef; target.Name != m.deployment.Name || target.Kind != "Deployment" {
				t.Errorf("the autoscaler scales %v", target)
			}
			if m.deployment.Spec.Replicas != nil {
				t.Error("the deployment sets the replicas that the autoscaler sets too")
			}
			checkContainer(t, m)
			checkPorts(t, m)
		})
	}
}

func spread(t *testing.T, m *manifests) *metav1.LabelSelector {
	t.Helper()
	constraints := m.deployment.Spec.Template.Spec.TopologySpreadConstraints
	if len(constraints) != 2 {
		t.Fatalf("the topology constraints are %v", constraints)
	}
	return constraints[0].LabelSelector
}

func selected(selector *metav1.LabelSelector) map[string]string {
	if selector == nil {
		return nil
	}
	return selector.MatchLabels
}

func contains(labels, selector map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}

func checkContainer(t *testing.T, m *manifests) {
	t.Helper()
	pod := m.deployment.Spec.Template.Spec
	if len(pod.Containers) != 1 || pod.ServiceAccountName != m.account.Name {
		t.Fatalf("%d containers, service account %s", len(pod.Containers), pod.ServiceAccountName)
	}
	container := pod.Containers[0]
	image := regexp.MustCompile(`^ghcr\.io/profilectl/profilectl:\d+\.\d+\.\d+$`) // not latest, for rollbacks
	if !image.MatchString(container.Image) {
		t.Errorf("the image is %s", container.Image)
	}
	for name, probe := range map[string]*corev1.Probe{
		"/healthz at startup": container.StartupProbe,
		"/healthz":            container.LivenessProbe,
		"/readyz":             container.ReadinessProbe,
	} {
		path, _, _ := strings.Cut(name, " ")
		if probe == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != "admin" {
			t.Errorf("no probe of %s: %v", name, probe)
		}
	}
	if !*pod.SecurityContext.RunAsNonRoot {
		t.Error("the pod may run as root")
	}
	if !*container.SecurityContext.ReadOnlyRootFilesystem {
		t.Error("the container may write to its root file system")
	}
	if *container.SecurityContext.AllowPrivilegeEscalation {
		t.Error("the container may gain privileges")
	}
	if name := container.EnvFrom[0].ConfigMapRef.Name; name != m.config.Name || name == "profilectl" {
		t.Errorf("the container uses the config map %s, which is %s", name, m.config.Name)
	}
}

// checkPorts checks that each named port exists.
func checkPorts(t *testing.T, m *manifests) {
	t.Helper()
	var names []string
	for _, port := range m.deployment.Spec.Template.Spec.Containers[0].Ports {
		names = append(names, port.Name)
	}
	used := []string{m.service.Spec.Ports[0].TargetPort.String()}
	for _, rule := range m.network.Spec.Ingress {
		used = append(used, rule.Ports[0].Port.String())
	}
	for _, name := range used {
		if !slices.Contains(names, name) {
			t.Errorf("the container has no port %s", name)
		}
	}
}

func TestManifestOfTheBaseMountsTheSecret(t *testing.T) {
	m := build(t, "base")
	pod := m.deployment.Spec.Template.Spec
	mount, env := pod.Containers[0].VolumeMounts[0], pod.Containers[0].Env
	if len(env) != 1 || env[0].Value != mount.MountPath+"/client-secret" {
		t.Errorf("got %v, mounted at %s", env, mount.MountPath)
	}
	if secret := pod.Volumes[0].Secret; secret == nil || secret.SecretName != "profilectl" || mount.SubPath != "" {
		t.Errorf("the volume is %v, mounted as %v", pod.Volumes[0], mount)
	}
}

func TestManifestOfTheWorkloadIdentityHasNoSecret(t *testing.T) {
	m := build(t, "overlays/workload-identity")
	pod := m.deployment.Spec.Template
	if pod.Labels["azure.workload.identity/use"] != "true" {
		t.Errorf("the labels of the pods are %v", pod.Labels)
	}
	id := m.config.Data["PROFILECTL_SERVE_CLIENT_ID"]
	if m.account.Annotations["azure.workload.identity/client-id"] != id {
		t.Errorf("the annotations of the service account are %v, the client ID is %s", m.account.Annotations, id)
	}
	if env := pod.Spec.Containers[0].Env; len(env) > 0 {
		t.Errorf("the container has %v", env)
	}
	volume := pod.Spec.Volumes[0]
	if len(pod.Spec.Volumes) != 1 || volume.Secret != nil || volume.Projected == nil {
		t.Fatalf("the volumes are %v", pod.Spec.Volumes)
	}
	token := volume.Projected.Sources[0].ServiceAccountToken
	path := pod.Spec.Containers[0].VolumeMounts[0].MountPath + "/" + token.Path
	if path != m.config.Data["PROFILECTL_SERVE_FEDERATED_TOKEN_FILE"] {
		t.Errorf("the token is at %s, the settings are %v", path, m.config.Data)
	}
	if token.Audience != "api://AzureADTokenExchange" {
		t.Errorf("the audience is %s", token.Audience)
	}
}

func TestManifestOfCustomAttributesMountsTheirFiles(t *testing.T) {
	m := build(t, "overlays/custom-attributes")
	pod := m.deployment.Spec.Template.Spec
	mounts := map[string]string{} // the path of each volume
	for _, mount := range pod.Containers[0].VolumeMounts {
		mounts[mount.Name] = mount.MountPath
	}
	for _, volume := range pod.Volumes {
		if volume.Secret == nil || mounts[volume.Name] == "" {
			t.Errorf("the volume %s is %v, mounted at %q", volume.Name, volume.Secret, mounts[volume.Name])
		}
	}
	for setting, file := range map[string]string{
		"PROFILECTL_SERVE_ATTRIBUTES":                    "attributes.yaml",
		"PROFILECTL_SERVE_ATTRIBUTES_CLIENT_SECRET_FILE": "client-secret",
	} {
		if want := mounts["attributes"] + "/" + file; m.config.Data[setting] != want {
			t.Errorf("%s is %q, want %q", setting, m.config.Data[setting], want)
		}
	}
	id := m.config.Data["PROFILECTL_SERVE_ATTRIBUTES_CLIENT_ID"]
	if id == "" || id == m.config.Data["PROFILECTL_SERVE_CLIENT_ID"] {
		t.Errorf("the second registration is %q", id)
	}
}

// TestManifestScalesByAMetricOfServe checks that the metric has the name that serve gives it.
func TestManifestScalesByAMetricOfServe(t *testing.T) {
	m := build(t, "base")
	name := m.scaler.Spec.Metrics[0].Pods.Metric.Name
	guide, err := os.ReadFile("../../docs/reference/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), "`"+name+"`") {
		t.Errorf("docs/reference/serve.md has no metric %s", name)
	}
}
