# create: client secret, in the file mid-tier.secret
(
  umask 077
  set -o noclobber
  az ad app credential reset --id "${MIDTIER}" --append --display-name mid-tier \
    --query password --output tsv >mid-tier.secret
)
